"""A model and its checks as values: one table computed from others."""

import hashlib
from datetime import date
from pathlib import Path
from typing import Literal, Protocol

import msgspec
from msgspec import Struct

from pipeline_platform.contracts.names import TableName


class TableColumn(Struct, frozen=True, forbid_unknown_fields=True):
    """A column of a derived table; `sources` are `layer.table.column` it is computed from."""

    name: str
    type: str
    nullable: bool = True
    description: str = ""
    personal: str = ""
    sources: tuple[str, ...] = ()


class Partitioning(Struct, frozen=True, forbid_unknown_fields=True):
    """How a table is cut into days: `column` (a date) and the zone its days are meant in.

    `start` is the first day, `end` the first day after the last, None for an open table.
    """

    column: str
    start: date
    end: date | None = None
    zone: str = "UTC"


class TableCheck(Struct, frozen=True, forbid_unknown_fields=True):
    """One assertion over a table, counted in the same scan as its siblings.

    kind `not_null`, `unique` (over `columns`), `accepted_values`, `range` (`minimum`,
    `maximum`), `reference` (`columns` found in `references` `layer.table(column, ...)`),
    or `expression` (Spark SQL per row; NULL passes).
    """

    name: str
    kind: Literal["not_null", "unique", "accepted_values", "range", "reference", "expression"]
    columns: tuple[str, ...] = ()
    values: tuple[str | int | float, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    references: str = ""
    expression: str = ""
    blocking: bool = False
    severity: Literal["error", "warn"] = "error"


class Derived(Protocol):
    """What is common to all tables computed from others."""

    @property
    def table(self) -> TableName: ...

    @property
    def columns(self) -> tuple[TableColumn, ...]: ...

    @property
    def inputs(self) -> dict[str, tuple[int, int]]:
        """Each table read, with the days needed around a partition."""
        ...

    @property
    def partitioning(self) -> Partitioning | None: ...

    @property
    def code_version(self) -> str:
        """Changes with everything that decides the rows."""
        ...


class Model(Struct, frozen=True, forbid_unknown_fields=True):
    """A table computed by one SQL statement or one Python function.

    `sql` is the user's text, verbatim; `python` the path of a module that defines
    `model(spark, inputs, start, end)`. Exactly one of them is given. `inputs` maps each
    table read to the days it needs around a partition, as (days before, days after).
    """

    table: TableName
    columns: tuple[TableColumn, ...]
    inputs: dict[str, tuple[int, int]]
    sql: str = ""
    python: str = ""
    partitioning: Partitioning | None = None
    checks: tuple[TableCheck, ...] = ()

    @property
    def code_version(self) -> str:
        """12 hex digits over everything that decides the rows."""
        body = self.sql or Path(self.python).read_text()
        shape = msgspec.json.encode([self.columns, self.partitioning], order="deterministic")
        return hashlib.sha256(body.encode() + shape).hexdigest()[:12]
