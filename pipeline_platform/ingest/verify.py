"""Verify: run the ledger again from raw, in a scratch lake, and compare."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline_platform.contracts.names import DAY, EPOCH, POSITION, ROW
from pipeline_platform.ingest.admission import Admission
from pipeline_platform.ingest.generations import still
from pipeline_platform.ingest.refusals import open_refusals
from pipeline_platform.ingest.report import Report, silent
from pipeline_platform.ingest.tables import StreamTables
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.table import LakeTable

_SAMPLE = 5


@dataclass(frozen=True)
class Found:
    """One difference between a table and its recomputation from raw.

    `kind` is `missing` (raw gives rows that the table lacks), `extra` (the table holds rows
    that raw does not give) or `changed` (same place, other values); `day` is empty for the
    refused rows; `objects` names those the rows come from, `places` samples
    `epoch:position:row`.
    """

    table: str
    kind: str
    day: str
    rows: int
    objects: tuple[str, ...]
    places: tuple[str, ...]


def verify(admission: Admission, report: Report = silent) -> list[Found]:
    """Every difference; [] when the accepted and the refused rows are what raw gives.

    Takes the time of admitting the whole stream again, and the disk of its tables. Raises
    Reprocessed when another generation was swapped in meanwhile.
    """
    if admission.tables.committed() < 0:
        return []
    generation = admission.tables.generation()
    with tempfile.TemporaryDirectory(prefix="pipeline-platform-verify-") as folder:
        scratch = _recomputed(admission, generation, Lake(Path(folder)), report)
        found = [*_accepted(admission, scratch.tables), *_refused(admission, scratch)]
        still(admission.tables.accepted.snapshot(), generation)
        return found


def _recomputed(admission: Admission, generation: int, lake: Lake, report: Report) -> Admission:
    """The committed plans of the real ledger, run from the first in an empty lake."""
    last = admission.tables.committed()
    again = admission.beside(lake, generation)
    for plan in admission.tables.ledger.plans(0, last):
        again.tables.ledger.plan(plan)
    again.finish(lambda epoch: admission.tables.cuts(epoch, generation), report)
    return again


def _accepted(admission: Admission, scratch: StreamTables) -> Iterator[Found]:
    real, again = admission.tables.accepted.snapshot(), scratch.accepted.snapshot()
    committed = admission.tables.committed()
    for day in sorted({*real.partitions(), *again.partitions()}, key=str):
        pair = [
            snapshot.frame(days=[day] if day else None, between={EPOCH: (0, committed)}).collect()
            for snapshot in (real, again)
        ]
        yield from _compared(admission.tables, admission.tables.accepted, str(day), *pair)


def _refused(admission: Admission, scratch: Admission) -> Iterator[Found]:
    table = admission.tables.refused
    pair = [
        open_refusals(each.lake, table.name).drop("registered_at", "detail", "offset").collect()
        for each in (admission, scratch)
    ]
    yield from _compared(admission.tables, table, "", *pair)


def _compared(
    tables: StreamTables, table: LakeTable, day: str, real: pl.DataFrame, again: pl.DataFrame
) -> Iterator[Found]:
    again = again.select(real.columns)
    if real.height == again.height and real.sort(EPOCH, POSITION, ROW).equals(
        again.sort(EPOCH, POSITION, ROW)
    ):
        return
    place = [EPOCH, POSITION, ROW]
    sides = {
        "missing": again.join(real, on=place, how="anti"),
        "extra": pl.concat(
            [
                real.join(again, on=place, how="anti"),
                real.filter(pl.struct(place).is_first_distinct().not_()),
            ]
        ),
    }
    sides["changed"] = changed(real, again)
    for kind, rows in sides.items():
        if rows.height:
            yield described(tables, str(table.name), kind, day, rows)


def changed(real: pl.DataFrame, again: pl.DataFrame) -> pl.DataFrame:
    """The rows of `real` whose values are others at the same place in `again`."""
    place = [EPOCH, POSITION, ROW]
    both = real.unique(place).join(again, on=place, suffix=":raw")
    values = [name for name in real.columns if name not in (*place, DAY)]
    same = [pl.col(name).eq_missing(pl.col(f"{name}:raw")) for name in values]
    return both.filter(~pl.all_horizontal(same))


def described(tables: StreamTables, table: str, kind: str, day: str, rows: pl.DataFrame) -> Found:
    """The difference that these rows are, with some of their objects and places."""
    places = rows.select(EPOCH, POSITION, ROW).sort(EPOCH, POSITION, ROW)
    objects: dict[str, None] = {}
    unique = places.select(EPOCH, POSITION).unique(maintain_order=True)
    for key in tables.ledger.keys_at(unique.iter_rows()):
        objects[key] = None
        if len(objects) == _SAMPLE:
            break
    sample = tuple(":".join(map(str, row)) for row in places.head(_SAMPLE).iter_rows())
    return Found(table, kind, day, rows.height, tuple(objects), sample)
