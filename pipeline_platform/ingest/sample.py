"""Judges a sample of raw objects anew and holds the accepted rows to them."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

import polars as pl
from msgspec.structs import replace

from pipeline_platform.contracts.epochs import EpochPlan, PlannedObject
from pipeline_platform.contracts.names import DAY, EPOCH, POSITION, ROW
from pipeline_platform.ingest.admission import Admission
from pipeline_platform.ingest.generations import still
from pipeline_platform.ingest.report import silent
from pipeline_platform.ingest.verify import Found, changed, described
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.snapshot import Snapshot

_PLACE = [EPOCH, POSITION, ROW]


def sample(admission: Admission, objects: int, random: Random) -> list[Found]:
    """Differences between the accepted rows of some objects and what their bytes give.

    Takes `objects` of as many epochs, without replays; [] when all rows are right. A row
    that the table lacks is right where an earlier one has its id and day. Raises
    Reprocessed when another generation was swapped in meanwhile.
    """
    if admission.tables.committed() < 0:
        return []
    generation = admission.tables.generation()
    chosen = list(_chosen(admission, objects, random))
    if not chosen:
        return []
    with tempfile.TemporaryDirectory(prefix="pipeline-platform-sample-") as folder:
        again = _judged(admission, chosen, generation, Lake(Path(folder)))
        real = admission.tables.accepted.snapshot()
        still(real, generation)
        return list(_compared(admission, chosen, real, again))


Picked = tuple[EpochPlan, PlannedObject]


def _chosen(admission: Admission, objects: int, random: Random) -> Iterator[Picked]:
    """Objects that arrived, of random epochs, in the order of the ledger."""
    ledger, epochs = admission.tables.ledger, range(admission.tables.committed() + 1)
    for epoch in sorted(random.sample(epochs, min(objects, len(epochs)))):
        for plan in ledger.plans(epoch, epoch):
            if plan.kind == "arrival":
                yield plan, random.choice(plan.objects)


def _judged(
    admission: Admission, chosen: list[Picked], generation: int, lake: Lake
) -> pl.DataFrame:
    """What the objects give, each as an epoch of its own in an empty lake, at its real place."""
    again = admission.beside(lake, generation)
    cuts: dict[int, dict[int, int]] = {}
    for number, (plan, planned) in enumerate(chosen):
        cut = (admission.tables.cuts(plan.epoch, generation) or {}).get(planned.position)
        cuts[number] = {} if cut is None else {0: cut}
        alone = (replace(planned, position=0),)
        again.tables.ledger.plan(replace(plan, epoch=number, objects=alone))
    again.finish(lambda epoch: cuts[epoch], silent)
    rows = again.tables.accepted.snapshot().frame().collect()
    places = _places(chosen).rename({EPOCH: "_e", POSITION: "_p"}).with_row_index(EPOCH)
    return (
        rows.join(places.with_columns(pl.col(EPOCH).cast(pl.Int64)), on=EPOCH)
        .with_columns(pl.col("_e").alias(EPOCH), pl.col("_p").alias(POSITION))
        .select(rows.columns)
    )


def _places(chosen: list[Picked]) -> pl.DataFrame:
    return pl.DataFrame(
        [(plan.epoch, planned.position) for plan, planned in chosen],
        schema={EPOCH: pl.Int64, POSITION: pl.Int32},
        orient="row",
    )


def _compared(
    admission: Admission, chosen: list[Picked], real: Snapshot, again: pl.DataFrame
) -> Iterator[Found]:
    tables, places = admission.tables, _places(chosen)
    span = {EPOCH: (places[EPOCH].min(), places[EPOCH].max())}
    held = real.frame(between=span).join(places.lazy(), on=[EPOCH, POSITION], how="semi").collect()
    again = again.select(held.columns)
    beyond = again.join(held, on=_PLACE, how="anti")
    sides = {
        "missing": _first_of_their_id(admission, real, beyond),
        "extra": held.join(again, on=_PLACE, how="anti"),
        "changed": changed(held, again),
    }
    for kind, rows in sides.items():
        if rows.height:
            yield described(tables, str(tables.accepted.name), kind, "", rows)


def _first_of_their_id(admission: Admission, real: Snapshot, rows: pl.DataFrame) -> pl.DataFrame:
    """Those rows that no accepted row with the same id, and day, precedes."""
    contract = admission.contract
    if not rows.height:
        return rows
    keys = [*contract.identity, DAY] if contract.event_time else list(contract.identity)
    days = rows[DAY].unique().to_list() if contract.event_time else None
    earlier = real.frame(list(dict.fromkeys([*keys, *_PLACE])), days=days)
    before = (
        rows.lazy()
        .join(earlier, on=keys, how="inner", suffix=":before", nulls_equal=True)
        .filter(_precedes())
        .select(_PLACE)
        .unique()
        .collect()
    )
    return rows.join(before, on=_PLACE, how="anti")


def _precedes() -> pl.Expr:
    """Whether the row `:before` comes earlier in the ledger's order."""
    found: pl.Expr = pl.lit(False)
    for name in reversed(_PLACE):
        mine, theirs = pl.col(name), pl.col(f"{name}:before")
        found = (theirs < mine) | ((theirs == mine) & found)
    return found
