"""Builds a table from given rows: the real build, in a lake of its own."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from pipeline_platform.contracts.models import Derived, TableCheck
from pipeline_platform.contracts.types import DataType
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.declarations.resolution import Declarations
from pipeline_platform.errors import DeclarationError
from pipeline_platform.models.checks import CheckOutcome, evaluate
from pipeline_platform.testing.bench import Bench
from pipeline_platform.testing.checks import Checks, referenced
from pipeline_platform.testing.inputs import check_names, write_tables
from pipeline_platform.testing.rows import Rows, in_order
from pipeline_platform.testing.sources import GivenRows
from pipeline_platform.testing.values import converted

Build = Callable[[DayWindow | None, Bench], object]
Prove = Callable[[DayWindow | None, Bench], list[CheckOutcome]]


def nothing(window: DayWindow | None, bench: Bench) -> list[CheckOutcome]:
    """No proofs beyond the declared checks."""
    return []


@dataclass(frozen=True)
class Tested:
    """What is built: its value and checks, the declarations around it.

    `reads` are the words of what reads its inputs, `build` computes a window of it, `prove`
    gives outcomes beyond those of the declared checks.
    """

    derived: Derived
    checks: tuple[TableCheck, ...]
    declared: Declarations
    reads: set[str]
    build: Build
    prove: Prove = nothing

    @property
    def beside(self) -> set[str]:
        """Tables that only checks look at."""
        other = {referenced(check) for check in self.checks}
        return other - {"", str(self.derived.table), *self.derived.inputs}


class DerivedRun(Rows):
    """The rows of the window, sorted by their columns from left to right, NULL first."""

    def __init__(
        self, tested: Tested, window: DayWindow | None, bench: Bench, given: Iterable[str]
    ) -> None:
        table = tested.derived.table
        types = {column.name: column.type for column in tested.derived.columns}
        frame = bench.lake.table(table).snapshot().frame(list(types)).collect()
        super().__init__(in_order(frame, types), str(table), types)
        self._tested, self._window, self._bench = tested, window, bench
        self._unseen = tested.beside.difference(given)

    @cached_property
    def checks(self) -> Checks:
        """What the declared checks find in these rows, by name; computed when first read."""
        tested, bench, cut = self._tested, self._bench, self._tested.derived.partitioning
        found = evaluate(
            tested.derived.table,
            [check for check in tested.checks if referenced(check) not in self._unseen],
            self._window,
            engine=bench.engine,
            lake=bench.lake,
            partition_column=cut.column if cut else None,
        )
        return Checks(self.name, [*tested.prove(self._window, bench), *found])


def run_derived(
    tested: Tested,
    given: Mapping[str, GivenRows],
    start: date | str | None,
    end: date | str | None,
    engine: str,
) -> DerivedRun:
    """Write the given tables, build the window [start, end), read it back."""
    window = _window(tested.derived, start, end)
    check_names(given, tested.derived.inputs, tested.beside)
    bench = Bench(engine)
    write_tables(bench.lake, given, tested.declared, tested.reads)
    tested.build(window, bench)
    return DerivedRun(tested, window, bench, given)


def _window(derived: Derived, start: date | str | None, end: date | str | None) -> DayWindow | None:
    day, name, cut = DataType("date"), str(derived.table), derived.partitioning
    first, last = converted(start, day, "start"), converted(end, day, "end")
    if first is None and last is None and cut is None:
        return None
    if cut is None or first is None:
        raise DeclarationError(
            f"{name} is {'not ' if cut is None else ''}cut into days",
            where="start",
            known=f"its days are those of {cut.column}, in {cut.zone}" if cut else "no partition",
            remedy="give start='2024-01-31' and, for more than that day, end (the first day after)"
            if cut
            else "leave start and end out",
        )
    window = DayWindow(first, last or first + timedelta(days=1))
    if not len(window) or first < cut.start or (cut.end and window.end > cut.end):
        raise DeclarationError(
            f"{window} are no days of {name}",
            where="start, end",
            known=f"its days go from {cut.start} (inclusive) to {cut.end or 'today'}"
            + (" (exclusive)" if cut.end else ""),
            remedy="ask for days among them; `end` is the first day after the last",
        )
    return window
