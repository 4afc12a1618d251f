"""Whether the raw objects that a rebuild needs are still what was admitted."""

from collections.abc import Iterator

import polars as pl

from pipeline_platform.contracts.epochs import ObjectRef, PlannedObject
from pipeline_platform.errors import Abort
from pipeline_platform.ingest import accounts
from pipeline_platform.ingest.objects import checksum
from pipeline_platform.ingest.tables import StreamTables
from pipeline_platform.lake.generations import rows_of
from pipeline_platform.ports.object_store import ObjectStore

_EPOCHS = 500
_SAMPLE = 5


def refuse_lost(tables: StreamTables, store: ObjectStore, last: int) -> tuple[int, int]:
    """(objects, stored bytes) of the arrivals up to epoch `last`.

    Raises Abort, naming them, when some are gone or changed. An object that could never be
    read gave no row and may be gone.
    """
    objects = size = 0
    lost: dict[str, str] = {}
    for epoch, planned in _arrivals(tables, last):
        objects, size = objects + 1, size + planned.ref.size
        problem = _problem(tables, store, planned.ref)
        if problem and not _gave_nothing(tables, epoch, planned.position):
            lost[planned.ref.key] = problem
    if lost:
        raise _refusal(tables, lost)
    return objects, size


def _arrivals(tables: StreamTables, last: int) -> Iterator[tuple[int, PlannedObject]]:
    for first in range(0, last + 1, _EPOCHS):
        for plan in tables.ledger.plans(first, min(last, first + _EPOCHS - 1)):
            if plan.kind == "arrival":
                yield from ((plan.epoch, planned) for planned in plan.objects)


def _problem(tables: StreamTables, store: ObjectStore, ref: ObjectRef) -> str:
    found = store.stat(ref.key)
    if found is None:
        return "is gone"
    if found == ref:
        return ""
    if found.size == ref.size:
        known = accounts.checksums(tables, [ref.key]).get(ref.key)
        if known is not None and known == checksum(store, ref.key):
            return ""
    return "changed"


def _gave_nothing(tables: StreamTables, epoch: int, position: int) -> bool:
    held = tables.accounting.snapshot()
    rows = rows_of(held, tables.generation(), between={"epoch": (epoch, epoch)})
    unread = (pl.col("position") == position) & pl.col("checksum").is_null()
    only = (pl.col("landed") == 1) & (pl.col("refused") == 1)
    return rows.filter(unread & only).collect().height == 1


def _refusal(tables: StreamTables, lost: dict[str, str]) -> Abort:
    named = [f"{key} {problem}" for key, problem in list(lost.items())[:_SAMPLE]]
    more = f" and {len(lost) - _SAMPLE} more" if len(lost) > _SAMPLE else ""
    return Abort(
        f"{len(lost)} raw objects are no longer what was admitted, so nothing was rebuilt",
        where=str(tables.ledger.table.name),
        known=", ".join(named) + more,
        remedy="restore them under their keys from a copy; rows of lost objects cannot be "
        "judged again, and a rebuild without them would drop them",
    )
