"""The long-running process of the real-time path: every stream in threads of its own."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from threading import Event, Thread

from pipeline_platform.errors import PlatformError
from pipeline_platform.ports.watch import Watch
from pipeline_platform.speed.lane import Lane
from pipeline_platform.speed.standing import StreamStanding

SURVEY_S = 5.0
POLL_S = 1.0
_SURVEY_SHARE = 0.05  # of the time, at most, goes into listings
_MERGE_STATES, _MERGE_TABLES, _CLEAN = 25, 100, 1_000  # epochs
_TICK_S = 0.2


class Runner:
    """Runs lanes until `stop` is set, or each is through when they run once.

    `watch` hints at what landed; without one the store is listed every second. The
    listing of everything is made all the same, every `SURVEY_S` seconds or less often
    where it takes long.
    """

    def __init__(self, lanes: Sequence[Lane], *, stop: Event, watch: Watch | None) -> None:
        self.lanes, self._stop, self._watch = lanes, stop, watch
        self._ended: list[BaseException] = []
        self._threads: list[Thread] = []

    @property
    def standings(self) -> list[StreamStanding]:
        """Where every stream stands."""
        return [lane.standing for lane in self.lanes]

    def start(self) -> None:
        """Begin; nothing waits."""
        for lane in self.lanes:
            self._spawn(lane.admit)
            self._spawn(lane.fold)
            self._spawn(lane.rise, daemon=True)
        self._spawn(self._survey, daemon=True)
        self._spawn(self._tidy, daemon=True)
        if self._watch is not None:
            self._spawn(self._sight, daemon=True)

    def running(self) -> bool:
        """Whether some lane is at work; raises what a thread ended with."""
        if self._ended:
            raise self._ended[0]
        return any(thread.is_alive() for thread in self._threads if not thread.daemon)

    def finish(self) -> None:
        """Wait until every lane has ended."""
        while self.running():
            time.sleep(_TICK_S / 4)

    def _spawn(self, work: Callable[[], None], *, daemon: bool = False) -> None:
        def guarded() -> None:
            try:
                work()
            except BaseException as error:
                self._ended.append(error)
                self._stop.set()

        thread = Thread(target=guarded, daemon=daemon, name=work.__qualname__)
        self._threads.append(thread)
        thread.start()

    def _sight(self) -> None:
        """Take hints; each goes to the stream below whose prefix it lies."""
        assert self._watch is not None
        for keys in self._watch.hints([lane.source.prefix for lane in self.lanes], self._stop):
            for lane in self.lanes:
                mine = [key for key in keys if key.startswith(lane.source.prefix)]
                _look(lane, partial(lane.source.sight, mine))

    def _survey(self) -> None:
        every = SURVEY_S if self._watch is not None else POLL_S
        while not self._stop.wait(every):
            started = time.monotonic()
            for lane in self.lanes:
                _look(lane, lane.source.survey)
            every = max(every, (time.monotonic() - started) / _SURVEY_SHARE)

    def _tidy(self) -> None:
        """Merge and clean what grew by many epochs, one table after the other."""
        upkeep = [(lane, every, jobs) for lane in self.lanes for every, jobs in _upkeep(lane)]
        done = [0] * len(upkeep)
        while not self._stop.wait(_TICK_S):
            for number, (lane, every, jobs) in enumerate(upkeep):
                if lane.standing.epochs - done[number] >= every:
                    done[number] = lane.standing.epochs
                    _each(jobs)


def _upkeep(lane: Lane) -> Iterator[tuple[int, list[Callable[[], None]]]]:
    """What to do every so many epochs; many small files of states slow every read."""
    yield _MERGE_STATES, [view.tidy for view in lane.views]
    yield _MERGE_TABLES, [lane.source.tidy]
    yield _CLEAN, [lane.source.clean, *(view.clean for view in lane.views)]


def _look(lane: Lane, look: Callable[[], int]) -> None:
    """Look for objects; what cannot be read now is found by a later listing."""
    if not lane.opened.is_set():
        return
    try:
        if look():
            lane.wake()
    except PlatformError as error:
        lane.standing.trouble = error


def _each(jobs: Iterable[Callable[[], None]]) -> None:
    for job in jobs:
        try:
            job()
        except PlatformError:
            continue
