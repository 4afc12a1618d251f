"""Every read of every view equals its oracle, whatever happened in whatever order."""

import tempfile
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from pipeline_platform.contracts.views import Paths
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.errors import CommitConflict
from pipeline_platform.views.reading import Pin
from pipeline_platform_tests.views.oracle import (
    DEFINITIONS,
    Answer,
    Event,
    Shop,
    Shops,
    accepted,
    by_city,
)
from pipeline_platform_tests.views.stage import Crash, Stage, ended_at, reworded, view_of

FIRST = datetime(2026, 3, 1, tzinfo=UTC)
EVENTS = st.lists(
    st.builds(
        Event,
        epoch=st.just(-1),
        id=st.sampled_from([f"e{n}" for n in range(30)]),
        at=st.integers(0, 4 * 48).map(lambda half: FIRST + timedelta(minutes=30 * half)),
        shop=st.sampled_from([None, "a", "b"]),
        amount=st.sampled_from([None, *map(Decimal, ("-1.00", "0.00", "0.10", "99999999.99"))]),
        item=st.sampled_from([None, "x", "y", "z"]),
    ),
    min_size=1,
    max_size=8,
)
WINDOWS = st.one_of(
    st.none(),
    st.builds(
        lambda first, days: DayWindow(
            date(2026, 3, first), date(2026, 3, first) + timedelta(days=days)
        ),
        st.integers(1, 4),
        st.integers(1, 3),
    ),
)
PATHS: dict[str, Paths] = {
    "by_shop": "both",
    "by_hour": "both",
    "in_all": "batch",
    "by_city": "both",
}
NAMES = st.sampled_from(sorted(PATHS))
SHOPS = st.dictionaries(
    st.sampled_from(["a", "b", "c"]),
    st.builds(
        Shop, st.sampled_from([None, "Oslo", "Rom"]), st.sampled_from([None, True, True, False])
    ),
)
CRASHES = st.one_of(st.none(), st.tuples(st.integers(0, 5), st.sampled_from(["before", "after"])))


class ViewMachine(RuleBasedStateMachine):
    """Arrivals, crashes, folds, batches, changes and pinned readers in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.stage = Stage(Path(self.folder.name))
        self.views = {name: view_of(name, paths) for name, paths in PATHS.items()}
        self.as_of = dict.fromkeys(PATHS, -1)
        self.shops: dict[int, Shops] = {}
        self.versions: dict[date, int] = {}
        self.pins: list[tuple[str, Pin, Answer]] = []
        self.landed: list[list[Event]] = []

    @initialize(events=EVENTS, shops=SHOPS)
    def begin(self, events: list[Event], shops: Shops) -> None:
        """A stream with something in it, and its views brought up."""
        self.land(events)
        self.locate(shops)
        self.stage.admit()
        for view in self.views.values():
            self.stage.bring_up(view)

    @rule(events=EVENTS)
    def land(self, events: list[Event]) -> None:
        """A new object."""
        self.landed.append(events)
        self.stage.land(events)

    @rule(which=st.integers(0, 50), name=st.sampled_from(["", "0", "z"]))
    def land_again(self, which: int, name: str) -> None:
        """Its events once more, in an object that may sort before the others."""
        self.stage.land(self.landed[which % len(self.landed)], name)

    @rule(shops=SHOPS)
    def locate(self, shops: Shops) -> None:
        """Other shops, which count for days whose first event is still to be counted."""
        self._pinned()
        self.shops[self.stage.locate(shops)] = shops

    @rule(crash=CRASHES)
    def admit(self, crash: tuple[int, str] | None) -> None:
        """An admission, perhaps one that is killed."""
        self._done(crash, self.stage.admit)

    @rule(name=NAMES, crash=CRASHES)
    def fold(self, name: str, crash: tuple[int, str] | None) -> None:
        """A fold of one view, perhaps one that is killed."""
        self._done(crash, lambda: self.stage.fold(self.views[name]))

    @rule(name=NAMES, window=WINDOWS, crash=CRASHES)
    def settle(self, name: str, window: DayWindow | None, crash: tuple[int, str] | None) -> None:
        """A batch over some days, perhaps one that is killed."""
        self._done(crash, lambda: self.stage.settle(self.views[name], window))

    @rule(name=NAMES, crash=CRASHES)
    def change(self, name: str, crash: tuple[int, str] | None) -> None:
        """Another text of the same meaning: another fingerprint, the same answer."""
        before = self.views[name]
        self.views[name] = view_of(name, PATHS[name], reworded(before.sql))
        assert self.views[name].fingerprint(0) != before.fingerprint(0)
        self._done(crash, lambda: self.stage.bring_up(self.views[name]))

    @rule(name=NAMES, crash=CRASHES)
    def compact(self, name: str, crash: tuple[int, str] | None) -> None:
        """Small files of states become one."""
        self._done(crash, lambda: self.stage.compact(self.views[name]))

    @rule(crash=CRASHES)
    def reprocess(self, crash: tuple[int, str] | None) -> None:
        """Another generation of accepted rows, which the views follow when they are brought up."""
        self._done(crash, self.stage.reprocess)

    @rule()
    def tidy(self) -> None:
        """Small files of the stream's tables become one, old files and log entries go."""
        self.stage.tidy()

    @rule(name=NAMES)
    def read(self, name: str) -> None:
        """An exact answer, not older than any read before."""
        view = self.views[name]
        found, answer = self.stage.read(view)
        standing = found.standing
        assert standing.as_of >= self.as_of[name]
        assert all(cut <= standing.as_of for cut in standing.cuts.values())
        self.as_of[name] = standing.as_of
        assert answer == self._expected(name, standing.as_of)
        self.pins.append((name, standing.pin, answer))

    @precondition(lambda self: self.pins)
    @rule(which=st.integers(0, 50))
    def read_pinned(self, which: int) -> None:
        """What was pinned answers as it did."""
        name, pin, before = self.pins[which % len(self.pins)]
        assert self.stage.read(self.views[name], pin)[1] == before

    def teardown(self) -> None:
        if not self.landed:
            return
        head = self.stage.admit()
        for name, view in self.views.items():
            self.stage.bring_up(view)
            if PATHS[name] == "batch":
                self.stage.settle(view)
            while self.stage.fold(view).rows:
                pass
            found, answer = self.stage.read(view)
            assert found.standing.as_of == head
            assert answer == self._expected(name, head)
        self.folder.cleanup()

    def _expected(self, name: str, upto: int) -> Answer:
        """The oracle's answer, with the shops that were pinned."""
        events = accepted(self.stage.admission, upto)
        if name in DEFINITIONS:
            return DEFINITIONS[name](events)
        self._pinned()
        return by_city(events, {day: self.shops[at] for day, at in self.versions.items()})

    def _pinned(self) -> None:
        """A day keeps its version, and got the newest of when it was pinned."""
        now, newest = self.stage.pins(self.views["by_city"]), max(self.shops, default=-1)
        fresh = dict.fromkeys(now.keys() - self.versions.keys(), newest)
        assert now == {**self.versions, **fresh}
        self.versions = now

    def _done(self, crash: tuple[int, str] | None, step: Callable[[], object]) -> None:
        """Do it; another generation or a swap half way may stop a view until it is brought up."""
        with suppress(Crash, CommitConflict), ended_at(*(crash or (-1, ""))):
            step()


TestViews = ViewMachine.TestCase
TestViews.settings = settings(max_examples=10, stateful_step_count=20, deadline=None)
