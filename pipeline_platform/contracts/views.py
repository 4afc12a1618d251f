"""A view as a value: one SQL statement, split into partial, merge and answer."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
from msgspec import Struct

from pipeline_platform.contracts.models import TableColumn
from pipeline_platform.contracts.names import TableName

Paths = Literal["batch", "speed", "both"]
ROWS = "__rows__"  # stands for accepted rows in `Split.partial`
STATES = "__states__"  # stands for state rows in `Split.merge` and `Split.answer`
PINNED = "__pinned"  # begins the tokens that stand for pinned dimensions in `Split.partial`
PINNED_DAY = "_pinned_day"  # date: coverage day for which a row of a pinned dimension counts
COUNTED = "_rows"  # bigint: accepted rows that a state row was made of
SEMANTICS = 1  # version of what our partial, merge and final forms mean
PINNING = "newest at the first row of a day"  # which version of a dimension a day is given
SESSION = "UTC ANSI"  # the zone and mode of every session; part of the fingerprint


class DimensionTable(Struct, frozen=True, forbid_unknown_fields=True):
    """A table that a view may join.

    `columns` gives Spark types by name; each tuple in `unique` is declared to be unique.
    """

    columns: dict[str, str]
    unique: tuple[tuple[str, ...], ...] = ()


class PinnedTable(Struct, frozen=True, forbid_unknown_fields=True):
    """A dimension that a view reads at one version for each coverage day.

    `columns` are those that the view uses, by name their Spark type. `token` stands in
    `Split.partial` for these columns and PINNED_DAY.
    """

    table: str
    columns: dict[str, str]
    token: str


class Split(Struct, frozen=True, forbid_unknown_fields=True):
    """A view's statement in three, each over one relation that a token stands for.

    `partial` gives from ROWS, and from the tables in `pinned`, the state rows: `_day`, `keys`,
    `states`, `_rows`, grouped by day and keys. `merge` gives the same columns from any union of
    state rows, so that it is associative and commutative. `answer` gives the view's columns
    from state rows: merged over all days first, finished last; it may name the tables in
    `dimensions`, which it reads as they are.
    `outputs` maps an output column that is exactly a key to that key. `approximate` are the
    output columns that an engine gives only within a tolerance (sums of doubles).
    """

    keys: tuple[str, ...]
    states: tuple[str, ...]
    partial: str
    merge: str
    answer: str
    outputs: dict[str, str] = {}
    dimensions: tuple[str, ...] = ()
    approximate: tuple[str, ...] = ()
    pinned: tuple[PinnedTable, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of a state row that a fold computes, in order."""
        return ("_day", *self.keys, *self.states, COUNTED)

    @property
    def joined(self) -> tuple[str, ...]:
        """All tables that are read beside the stream, as `layer.table`."""
        return (*self.dimensions, *(pinned.table for pinned in self.pinned))

    def partial_over(self, rows: str, pinned: Mapping[str, str]) -> str:
        """The partial over the relation `rows`; `pinned` names one for each token."""
        text = self.partial.replace(ROWS, rows)
        for token, name in pinned.items():
            text = text.replace(token, name)
        return text


class View(Struct, frozen=True, forbid_unknown_fields=True):
    """A view over one stream; `sql` is the user's text, verbatim.

    `paths` says who keeps it up: the nightly batch, the real-time path, or both.
    """

    name: str
    stream: str
    sql: str
    columns: tuple[TableColumn, ...]
    split: Split
    paths: Paths = "both"

    @property
    def table(self) -> TableName:
        """The merged answer, `serving.<view>`; computed when read."""
        return TableName("serving", self.name)

    @property
    def batch(self) -> TableName:
        """The settled answer, `serving.<view>__batch`."""
        return TableName("serving", f"{self.name}__batch")

    @property
    def live(self) -> TableName:
        """Which definition and which states answer now, `serving.<view>__live`."""
        return TableName("serving", f"{self.name}__live")

    @property
    def source(self) -> TableName:
        """The accepted rows that it folds."""
        return TableName("serving", self.stream)

    @property
    def ledger(self) -> TableName:
        """The ledger of its stream."""
        return TableName("raw", self.stream)

    def states(self, generation: int) -> TableName:
        """The table of its states over one generation of accepted rows."""
        return TableName("serving", f"{self.name}__states_{self.fingerprint(generation)}")

    def pinned(self, table: PinnedTable) -> TableName:
        """Which rows of a dimension count for which day; kept for all who use these columns."""
        return TableName("serving", f"{self.name}__pinned_{_digest([table.table, table.columns])}")

    def fingerprint(self, generation: int) -> str:
        """12 hex digits over all that decides a state row; engines do not."""
        split = self.split
        rows: list[object] = [split.partial, split.merge, split.keys, split.states]
        rows += [PINNING, split.pinned] if split.pinned else []
        return _digest([self.stream, rows, SEMANTICS, SESSION, generation])

    @property
    def code_version(self) -> str:
        """12 hex digits over all that decides the answer."""
        return _digest([self.split, self.columns, self.stream, SEMANTICS, SESSION])


def _digest(values: Sequence[object]) -> str:
    return hashlib.sha256(msgspec.json.encode(values, order="deterministic")).hexdigest()[:12]
