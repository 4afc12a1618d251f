"""What a table of pinned rows holds: which copy each day has, and the copies."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from weakref import WeakKeyDictionary

import polars as pl

from pipeline_platform.contracts.views import PINNED_DAY
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.snapshot import Snapshot
from pipeline_platform.lake.table import LakeTable

COPY = "_pinned_copy"  # bigint: number of the commit that copied the rows


@dataclass(frozen=True)
class Copies:
    """A held version of the table: the copy that each day has, and the rows of some copies.

    Rows are only ever added, so what one version says the next ones say too.
    """

    snapshot: Snapshot
    files: frozenset[str]
    days: Mapping[date, int]
    rows: Mapping[int, pl.DataFrame]


_newest: "WeakKeyDictionary[Lake, dict[str, Copies]]" = WeakKeyDictionary()


def newest(lake: Lake, table: LakeTable) -> Copies | None:
    """What the table holds now; None where there is none. Only new files are read."""
    if not table.exists():
        return None
    snapshot = table.snapshot()
    files, tables = snapshot.paths(None), _newest.setdefault(lake, {})
    before = tables.get(table.uri)
    if before is None or not before.files <= files:
        before = Copies(snapshot, frozenset(), {}, {})
    days = dict(before.days)
    if files != before.files:
        rows = snapshot.scan(sorted(files - before.files)).select(PINNED_DAY, COPY)
        days |= dict(rows.filter(pl.col(PINNED_DAY).is_not_null()).collect().iter_rows())
    found = Copies(snapshot, files, days, before.rows)
    tables[table.uri] = found
    return found


def copied(
    lake: Lake, held: Copies, numbers: Collection[int], columns: Collection[str]
) -> list[pl.DataFrame]:
    """The rows of these copies with their COPY; they stay in memory for who asks again."""
    known = held.rows
    rows = {n: known[n] if n in known else _read(held, n, columns) for n in sorted(set(numbers))}
    if rows.keys() != known.keys():
        _newest.setdefault(lake, {})[held.snapshot.uri] = replace(held, rows=rows)
    return list(rows.values())


def _read(held: Copies, number: int, columns: Collection[str]) -> pl.DataFrame:
    """One copy, from the files whose statistics say that they hold rows of it."""
    inside = (pl.col(f"min.{COPY}") <= number) & (pl.col(f"max.{COPY}") >= number)
    files = held.snapshot.files.filter(inside & (pl.col(f"null_count.{PINNED_DAY}") > 0))
    rows = held.snapshot.scan(files["path"].to_list())
    chosen = rows.filter(pl.col(PINNED_DAY).is_null() & (pl.col(COPY) == number))
    return chosen.select(*columns, COPY).collect()
