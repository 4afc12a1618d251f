"""Admission equals its oracle: any order, repeats, broken rows, splits and crashes."""

import tempfile
from pathlib import Path

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from pipeline_platform.ingest import dedup
from pipeline_platform.ingest.verify import verify
from pipeline_platform_tests.ingest.oracle import BROKEN, CONTRACT, Oracle, Row, lines
from pipeline_platform_tests.ingest.stage import POINTS, Stage


@pytest.fixture(autouse=True)
def few_ids_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Days give way and are read again, a few rows at a time."""
    monkeypatch.setattr(dedup, "_REMEMBERED", 5)
    monkeypatch.setattr(dedup, "_AT_ONCE", 2)


ROWS = st.lists(
    st.one_of(
        st.builds(
            Row,
            id=st.sampled_from([f"e{n}" for n in range(12)]),
            day=st.integers(1, 10),
            n=st.sampled_from([None, -1, 0, 1, 1000]),
        ),
        st.builds(Row, broken=st.sampled_from(sorted(BROKEN))),
    ),
    max_size=12,
)


class AdmissionMachine(RuleBasedStateMachine):
    """Objects land in any order; admissions crash anywhere; a pass brings the tables level."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.stage = Stage(Path(self.folder.name), CONTRACT, epoch_bytes=600)
        self.oracle = Oracle()
        self.waiting: dict[str, list[Row]] = {}
        self.planned: dict[str, list[Row]] = {}
        self.landed: list[list[Row]] = []

    @rule(rows=ROWS, compress=st.booleans(), name=st.integers(0, 99))
    def land(self, rows: list[Row], compress: bool, name: int) -> None:
        """A new object, under a key that may sort before those already admitted."""
        if rows:
            self._land(f"events/{name:02}-{len(self.landed)}", rows, compress)

    @rule(which=st.integers(0, 50), compress=st.booleans())
    def land_again(self, which: int, compress: bool) -> None:
        """The rows of an earlier object again, in another object."""
        if self.landed:
            rows = self.landed[which % len(self.landed)]
            self._land(f"events/again-{len(self.landed)}", rows, compress)

    @rule(point=st.sampled_from(POINTS))
    def crash(self, point: str) -> None:
        """An admission that ends at some commit; its first epoch's plan may stand."""
        if self.stage.crash(point):
            self._note_planned()

    @rule()
    def admit(self) -> None:
        """A pass that runs to its end."""
        report = self.stage.admission().run()
        for rows in [*self.planned.values(), *(rows for _, rows in sorted(self.waiting.items()))]:
            self.oracle.admit(rows)
        self.waiting, self.planned = {}, {}
        assert msgspec.structs.replace(report.total, warned=0) == self.oracle.accounting
        assert report.total.balanced
        assert report.changed == ()
        expected = [(id, day, n) for (id, day), n in self.oracle.accepted.items()]
        assert self.stage.accepted() == sorted(expected, key=str)
        assert self.stage.refused() == self.oracle.refused

    def teardown(self) -> None:
        self.admit()
        assert verify(self.stage.admission()) == []
        assert self.stage.admission().run().epochs == ()
        self.folder.cleanup()

    def _land(self, key: str, rows: list[Row], compress: bool) -> None:
        self.stage.store.put(key, lines(rows, compress))
        self.landed.append(rows)
        self.waiting[key] = rows

    def _note_planned(self) -> None:
        """The order of planned objects is fixed, whatever lands before the next pass."""
        ledger = self.stage.admission().tables.ledger
        for plan in ledger.plans(0) if ledger.head() >= 0 else ():
            for planned in plan.objects:
                if planned.ref.key in self.waiting:
                    self.planned[planned.ref.key] = self.waiting.pop(planned.ref.key)


TestAdmissionLaw = AdmissionMachine.TestCase
TestAdmissionLaw.settings = settings(max_examples=15, stateful_step_count=8, deadline=None)
