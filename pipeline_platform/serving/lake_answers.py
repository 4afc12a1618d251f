"""The views of a lake, held in memory as far as it goes and kept new in the background."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, Lock, Thread
from time import monotonic

from pipeline_platform.engine.engine import Lender
from pipeline_platform.errors import PlatformError, UnknownName
from pipeline_platform.lake.lake import Lake
from pipeline_platform.ports.clock import Clock
from pipeline_platform.serving.answers import About, Answer
from pipeline_platform.serving.lake_answer import LakeAnswer, Said
from pipeline_platform.serving.problems import Loading
from pipeline_platform.serving.refreshing import Refreshing
from pipeline_platform.views.live import live, views

_WORKERS = 2
_KEPT_S = 60.0  # after its last page a version that was walked through is given up
_MOST_KEPT = 32  # versions per view
_FAILED_S = 2.0  # before a view that could not be read is tried again
_LISTED_S = 2.0  # between two looks for new views


class LakeAnswers:
    """Answers over a lake; `start` keeps them new until `close`.

    Every `every_s` seconds the newest version of each view in use is looked for, and every
    two seconds new views. What is asked is answered from memory, without waiting. All rows
    held take at most about `most_bytes`; beyond that the view that was longest not asked
    for gives way. `report` hears why a view cannot be brought up to date.
    """

    def __init__(
        self,
        *,
        lender: Lender,
        lake: Lake,
        clock: Clock,
        said: Mapping[str, Said] | None = None,
        most_bytes: int = 1 << 30,
        every_s: float = 0.2,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._lender, self._lake, self._clock = lender, lake, clock
        self._said, self._most_bytes = said or {}, most_bytes
        self._every_s, self._report = every_s, report
        self._views: dict[str, _Served] = {}
        self._lock, self._stopped, self._hurry = Lock(), Event(), Event()
        self._workers = ThreadPoolExecutor(_WORKERS, "refresh")
        self._watch = Thread(target=self._watching, name="watch", daemon=True)

    def start(self) -> "LakeAnswers":
        """Find the views and begin to load them."""
        self._list()
        self._watch.start()
        return self

    def close(self) -> None:
        """Stop; what runs is waited for."""
        self._stopped.set()
        self._hurry.set()
        if self._watch.is_alive():
            self._watch.join()
        self._workers.shutdown(cancel_futures=True)

    def names(self) -> list[str]:
        """The views that are live."""
        return sorted(self._views)

    def about(self, name: str) -> About:
        """What the view says of itself."""
        return self._served(name).about

    def newest(self, name: str) -> Answer:
        """The newest version known; Loading until its rows are there for the first time."""
        served = self._served(name)
        served.used = monotonic()
        if served.now is not None:
            return served.now
        if served.failure is not None:
            failure, served.failure = served.failure, None
            raise failure
        self._hurry.set()
        raise Loading(
            "the view is being read into memory",
            where=f"serving.{name}",
            remedy="try again in a moment",
        )

    def ready(self) -> None:
        """List the views in the lake."""
        views(self._lake)

    def keep(self, answer: Answer) -> None:
        """Hold the version for a minute after its last page."""
        if isinstance(answer, LakeAnswer):
            with self._lock:
                self._served(answer.about.name).keep(answer)

    def tagged(self, name: str, tag: str) -> Answer:
        """The version in memory, else as the lake still holds it."""
        served = self._served(name)
        with self._lock:
            if found := served.kept_at(tag):
                return found
        return served.refreshing.tagged(tag)

    def _served(self, name: str) -> "_Served":
        found = self._views.get(name)
        if found is None:
            raise UnknownName("view", name, self._views)
        return found

    def _list(self) -> None:
        for name in views(self._lake):
            if name not in self._views and (found := live(self._lake, name)) is not None:
                refreshing = self._refreshing(name)
                self._views[name] = _Served(refreshing, refreshing.about(found.view))

    def _look(self) -> None:
        """Find views that are new; a lake that is away is looked at again."""
        try:
            self._list()
        except PlatformError as error:
            self._report(error.render())

    def _refreshing(self, name: str) -> Refreshing:
        return Refreshing(
            name,
            lender=self._lender,
            lake=self._lake,
            clock=self._clock,
            said=self._said,
            most_bytes=self._most_bytes,
        )

    def _watching(self) -> None:
        listed = monotonic()
        while not self._stopped.is_set():
            if monotonic() - listed > _LISTED_S:
                self._look()
                listed = monotonic()
            for served in list(self._views.values()):
                with self._lock:
                    served.forget()
                if served.due():
                    served.busy = True
                    self._workers.submit(self._refresh, served).add_done_callback(self._done)
            self._hurry.wait(self._every_s)
            self._hurry.clear()

    def _refresh(self, served: "_Served") -> None:
        began = monotonic()
        try:
            found = served.refreshing.newest(served.now)
            served.about, served.now, served.failure = found.about, found, None
            served.told = ""
            self._make_room(served)
        except UnknownName:
            self._views.pop(served.refreshing.name, None)
        except PlatformError as error:
            self._failed(served, error)
        finally:
            pause = _FAILED_S if served.told else self._every_s
            served.next = monotonic() + max(pause, monotonic() - began)
            served.busy = False

    def _failed(self, served: "_Served", error: PlatformError) -> None:
        """Keep the reason for whoever asks; report it once."""
        served.failure = error
        if served.told != error.render():
            served.told = error.render()
            self._report(served.told)

    def _done(self, future: "Future[None]") -> None:
        if not future.cancelled() and (failure := future.exception()):
            self._report(f"a view could not be brought up to date: {failure!r}")

    def _make_room(self, latest: "_Served") -> None:
        """Let the views that were longest not asked for go until the rest fits."""
        with self._lock:
            others = [s for s in self._views.values() if s is not latest and s.bytes]
            others.sort(key=lambda served: served.used)
            while others and latest.bytes + sum(s.bytes for s in others) > self._most_bytes:
                others.pop(0).let_go()


class _Served:
    """One view: its newest answer, those that are walked through, and when to look again."""

    def __init__(self, refreshing: Refreshing, about: About) -> None:
        self.refreshing, self.about = refreshing, about
        self.now: LakeAnswer | None = None
        self.failure: PlatformError | None = None
        self.told = ""
        self.used, self.next, self.busy = 0.0, 0.0, False
        self._rested: float | None = None
        self._kept: OrderedDict[str, tuple[LakeAnswer, float]] = OrderedDict()

    @property
    def bytes(self) -> int:
        """The memory of the newest rows; those of kept versions are mostly the same."""
        return self.now.bytes if self.now else 0

    def due(self) -> bool:
        """Whether to look for a newer version now; not for one that gave way and is not asked."""
        if self._rested is not None and self.used > self._rested:
            self._rested = None
        return not self.busy and self._rested is None and monotonic() >= self.next

    def let_go(self) -> None:
        """Give up the rows until somebody asks."""
        self.now, self._rested = None, monotonic()
        self._kept.clear()

    def keep(self, answer: LakeAnswer) -> None:
        """Hold a version for those who walk through it."""
        self._kept[answer.standing.tag] = answer, monotonic()
        self._kept.move_to_end(answer.standing.tag)
        self.forget()

    def forget(self) -> None:
        """Give up versions that nobody walked through for a while."""
        while self._kept and (len(self._kept) > _MOST_KEPT or self._oldest() < _ago(_KEPT_S)):
            self._kept.popitem(last=False)

    def kept_at(self, tag: str) -> LakeAnswer | None:
        """The version of this tag, if it is held."""
        if self.now is not None and self.now.standing.tag == tag:
            return self.now
        found = self._kept.get(tag)
        return found[0] if found else None

    def _oldest(self) -> float:
        return next(iter(self._kept.values()))[1]


def _ago(seconds: float) -> float:
    return monotonic() - seconds
