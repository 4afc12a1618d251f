"""Checks of a table: all of them counted in one scan, references aside."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pipeline_platform.contracts.models import TableCheck
from pipeline_platform.contracts.names import TableName
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.engine.engine import Engine, Parameter
from pipeline_platform.errors import DeclarationError, UnknownName
from pipeline_platform.lake.lake import Lake
from pipeline_platform.models.conditions import Condition, condition, conjunction, quoted
from pipeline_platform.models.pins import Pins, pinned

SAMPLE_ROWS = 5
_REFERENCE = re.compile(r"\s*(\w+\.\w+)\s*\(\s*(\w+(?:\s*,\s*\w+)*)\s*\)\s*")


@dataclass(frozen=True)
class CheckOutcome:
    """What one check found among `checked_rows`.

    `sample` holds a few failing rows; of `unique`, failing keys with their `rows`, and
    `failed_rows` are those beyond the first of each key.
    """

    name: str
    passed: bool
    failed_rows: int
    checked_rows: int
    sample: list[dict[str, Any]]
    severity: Literal["error", "warn"]
    blocking: bool


def evaluate(
    table: TableName,
    checks: Iterable[TableCheck],
    window: DayWindow | None,
    *,
    engine: Engine,
    lake: Lake,
    partition_column: str | None,
) -> list[CheckOutcome]:
    """Count the failing rows of every check, in the order given, on one version of the table.

    With a window and a partition column only those days are read. One statement counts all
    checks but `reference`, which takes an anti-join each; failing checks take one more for
    their sample, and `unique` another for its exact count.
    Raises UnknownName for a table or column, StatementFailed for an expression.
    """
    asked = list(checks)
    if not asked:
        return []
    others = [_referenced(check)[0] for check in asked if check.kind == "reference"]
    with pinned([str(table), *others], engine=engine, lake=lake) as pins:
        _check_names(str(table), asked, partition_column, pins)
        scan = _Scan(str(table), pins, engine, window, partition_column)
        return scan.outcomes(asked)


class _Scan:
    """One pinned table, restricted to a window."""

    def __init__(
        self,
        table: str,
        pins: Pins,
        engine: Engine,
        window: DayWindow | None,
        partition_column: str | None,
    ) -> None:
        self._table, self._pins, self._engine = table, pins, engine
        self._from, self._within = f"FROM {pins.views[table]} AS t", ""
        self._parameters: dict[str, Parameter] = {}
        if window and partition_column:
            day = f"t.{quoted(partition_column)}"
            self._within = f"{day} >= :_start AND {day} < :_end"
            self._parameters = {"_start": window.start, "_end": window.end}

    def outcomes(self, checks: Sequence[TableCheck]) -> list[CheckOutcome]:
        plain = {c.name: condition(c, f"c{n}") for n, c in enumerate(checks) if _plain(c)}
        uniques = [check for check in checks if check.kind == "unique"]
        of_rows = {c.name: plain[c.name] for c in checks if _plain(c) and c not in uniques}
        rows, failed = self._count(of_rows, uniques[0] if uniques else None, plain)
        failed |= {c.name: self._repeats(c, plain[c.name]) for c in uniques[1:]}
        failed |= {c.name: self._orphans(c) for c in checks if not _plain(c)}
        return [self._outcome(c, rows, failed[c.name], plain.get(c.name)) for c in checks]

    def _count(
        self,
        conditions: dict[str, Condition],
        unique: TableCheck | None,
        plain: dict[str, Condition],
    ) -> tuple[int, dict[str, int]]:
        """Rows, and the failing ones of each check, in one scan.

        A uniqueness rides along by grouping on its key: engines count distinct structs
        beside other aggregates a hundred times slower.
        """
        counts = {
            name: f"{found.count} AS f{n}" for n, (name, found) in enumerate(conditions.items())
        }
        sums = ["sum(f) AS checked", *(f"sum(f{n}) AS f{n}" for n in range(len(counts)))]
        inner, group = ["count(*) AS f", *counts.values()], ""
        asked = list(conditions.values())
        if unique is not None:
            inner.append(f"{plain[unique.name].count} AS k")
            sums.append("sum(greatest(k - 1, 0)) AS k")
            group = f" GROUP BY {_keys(unique)}"
        text = f"SELECT {', '.join(sums)} FROM (SELECT {', '.join(inner)} {self._where()}{group})"
        row = self._rows(text, *asked)[0]
        failed = {name: row[f"f{n}"] or 0 for n, name in enumerate(conditions)}
        if unique is not None:
            failed[unique.name] = row["k"] or 0
        return row["checked"] or 0, failed

    def _repeats(self, check: TableCheck, found: Condition) -> int:
        keys = _keys(check)
        groups = f"SELECT count(*) AS n {self._where(found.failing)} GROUP BY {keys}"
        return int(self._rows(f"SELECT sum(n - 1) AS n FROM ({groups})", found)[0]["n"] or 0)

    def _orphans(self, check: TableCheck) -> int:
        row = self._rows(f"SELECT count(*) AS n {self._anti_join(check)}")[0]
        return int(row["n"])

    def _anti_join(self, check: TableCheck) -> str:
        """Each referenced key once: engines walk every match even to find that there is one."""
        other, columns = _referenced(check)
        keys = ", ".join(quoted(name) for name in columns)
        pairs = zip(check.columns, columns, strict=True)
        on = " AND ".join(f"t.{quoted(mine)} = r.{quoted(theirs)}" for mine, theirs in pairs)
        given = conjunction(f"t.{quoted(c)} IS NOT NULL" for c in check.columns)
        return (
            f"{self._from} LEFT ANTI JOIN "
            f"(SELECT DISTINCT {keys} FROM {self._pins.views[other]}) AS r ON {on} "
            f"WHERE {conjunction([given, self._within])}"
        )

    def _outcome(
        self, check: TableCheck, rows: int, failed: int, found: Condition | None
    ) -> CheckOutcome:
        sample = self._sample(check, found) if failed else []
        return CheckOutcome(
            check.name, not failed, failed, rows, sample, check.severity, check.blocking
        )

    def _sample(self, check: TableCheck, found: Condition | None) -> list[dict[str, Any]]:
        if found is None:
            text = f"SELECT t.* {self._anti_join(check)}"
        elif check.kind == "unique":
            keys = _keys(check)
            text = (
                f"SELECT {keys}, count(*) AS `rows` {self._where(found.failing)} "
                f"GROUP BY {keys} HAVING count(*) > 1 ORDER BY `rows` DESC"
            )
        else:
            text = f"SELECT t.* {self._where(found.failing)}"
        return self._rows(f"{text} LIMIT {SAMPLE_ROWS}", *([found] if found else []))

    def _where(self, failing: str = "") -> str:
        within = conjunction([failing, self._within])
        return f"{self._from} WHERE {within}" if within else self._from

    def _rows(self, text: str, *conditions: Condition) -> list[dict[str, Any]]:
        parameters = dict(self._parameters)
        for found in conditions:
            parameters |= found.parameters
        where = f"checks of {self._table}"
        frame = self._engine.sql(text, parameters, where=where)
        rows: list[dict[str, Any]] = self._engine.collect(frame, where=where).to_pylist()
        return rows


def _keys(check: TableCheck) -> str:
    return ", ".join(f"t.{quoted(column)}" for column in check.columns)


def _plain(check: TableCheck) -> bool:
    return check.kind != "reference"


def _referenced(check: TableCheck) -> tuple[str, list[str]]:
    found = _REFERENCE.fullmatch(check.references)
    columns = [name.strip() for name in found[2].split(",")] if found else []
    if not found or len(columns) != len(check.columns):
        raise DeclarationError(
            f"check {check.name!r} refers to {check.references!r}",
            known=f"{len(check.columns)} columns here: {', '.join(check.columns)}",
            remedy="write layer.table(column, ...) with as many columns",
        )
    return found[1].lower(), columns


def _check_names(
    table: str, checks: Iterable[TableCheck], partition_column: str | None, pins: Pins
) -> None:
    known = pins.snapshots[table].schema.names
    for check in checks:
        _require(check.columns, known, table)
        if check.kind == "reference":
            other, columns = _referenced(check)
            _require(columns, pins.snapshots[other].schema.names, other)
    _require([partition_column] if partition_column else [], known, table)


def _require(names: Iterable[str], known: Sequence[str], table: str) -> None:
    for name in names:
        if name not in known:
            raise UnknownName("column", name, known, where=f"checks of {table}")
