"""The ledger of a stream: which objects each epoch holds, written once."""

from collections.abc import Iterable, Iterator
from datetime import UTC
from itertools import groupby
from operator import itemgetter
from typing import Any

import polars as pl

from pipeline_platform.contracts.epochs import EpochPlan, ObjectRef, PlannedObject
from pipeline_platform.errors import WriteRefused
from pipeline_platform.lake.schema import arrow_schema
from pipeline_platform.lake.shape import empty_frame
from pipeline_platform.lake.snapshot import Snapshot
from pipeline_platform.lake.table import LakeTable

APP = "plan"
SCHEMA = arrow_schema(
    [
        ("epoch", "bigint", False),
        ("position", "int", False),
        ("key", "string", False),
        ("size", "bigint", False),
        ("version", "string", False),
        ("registered_at", "timestamp", False),
        ("kind", "string", False),
        ("contract", "string", False),
        ("decoder", "int", False),
        ("origin_epoch", "bigint", True),
        ("origin_position", "int", True),
        ("rows", "array<bigint>", True),
        ("generation", "bigint", True),
    ],
    {
        "epoch": "number of the epoch, from 0 without holes",
        "position": "ordinal of the object in its epoch",
        "key": "key of the raw object in the landing store",
        "size": "bytes of the raw object",
        "version": "version or etag of the raw object",
        "registered_at": "instant of registration, which is the arrival",
        "kind": "arrival, or replay of refused rows",
        "contract": "the contract in force, as canonical JSON or fingerprint",
        "decoder": "version of the decoder",
        "origin_epoch": "replay: epoch in which the object arrived",
        "origin_position": "replay: position in that epoch",
        "rows": "replay: ordinals of the rows taken up again",
        "generation": "generation of the accepted rows when the epoch was planned; null: 0",
    },
)


class Ledger:
    """One row per planned object; an epoch is planned by one commit and never changed."""

    def __init__(self, table: LakeTable) -> None:
        self.table = table
        self._known: dict[str, ObjectRef] = {}
        self.known_to = -1

    def ensure(self) -> None:
        """Create the ledger's table unless it exists."""
        self.table.ensure(SCHEMA, None, "Raw objects in the order of their registration.")

    def head(self) -> int:
        """The last planned epoch, -1 when none."""
        return self.table.snapshot().last(APP)

    def known(self) -> dict[str, ObjectRef]:
        """Every object that has arrived, by key; later calls read only newer epochs.

        It holds the epochs up to `known_to`: who plans what it lacks plans the next one.
        """
        snapshot = self.table.snapshot()
        head = snapshot.last(APP)
        if head > self.known_to:
            self._known.update(_arrivals(snapshot, self.known_to + 1))
            self.known_to = head
        return dict(self._known)

    def plan(self, plan: EpochPlan) -> bool:
        """Write the epoch down; False, and nothing written, when it is planned already.

        Raises WriteRefused for an epoch without objects, or one that would leave a hole.
        """
        self._refuse_hole(plan)
        with self.table.stage(SCHEMA) as staging:
            staging.write(_rows(plan))
            files = staging.finish()
        return not self.table.append(files, transaction=(APP, plan.epoch)).already

    def plans(self, first: int, last: int | None = None) -> list[EpochPlan]:
        """The plans of the epochs `first <= epoch <= last` (None: to the head), in order."""
        rows = self.table.snapshot().frame(between={"epoch": (first, last)})
        ordered = rows.sort("epoch", "position").collect()
        by_epoch = groupby(ordered.iter_rows(named=True), key=itemgetter("epoch"))
        return [_plan(list(members)) for _, members in by_epoch]

    def keys_at(self, places: Iterable[tuple[int, int]]) -> Iterator[str]:
        """The keys of the objects at these (epoch, position), one after the other."""
        for epoch, position in places:
            objects = next((plan.objects for plan in self.plans(epoch, epoch)), ())
            known = position < len(objects)
            yield objects[position].ref.key if known else "not in the ledger"

    def _refuse_hole(self, plan: EpochPlan) -> None:
        head = self.head()
        if plan.epoch <= head + 1 and plan.objects:
            return
        raise WriteRefused(
            f"epoch {plan.epoch} with {len(plan.objects)} objects cannot be planned",
            where=str(self.table.name),
            known=f"the last planned epoch is {head}",
            remedy="plan the next epoch, with at least one object",
        )


def _arrivals(snapshot: Snapshot, first: int) -> Iterator[tuple[str, ObjectRef]]:
    rows = snapshot.frame(["key", "size", "version", "kind"], between={"epoch": (first, None)})
    found = rows.filter(pl.col("kind") == "arrival").collect()
    columns = (found[name].to_list() for name in ("key", "size", "version"))
    return (
        (key, ObjectRef(key, size, version)) for key, size, version in zip(*columns, strict=True)
    )


def _rows(plan: EpochPlan) -> pl.DataFrame:
    epoch = {
        "epoch": plan.epoch,
        "registered_at": plan.registered_at,
        "kind": plan.kind,
        "contract": plan.contract,
        "decoder": plan.decoder,
        "generation": plan.generation or None,
    }
    rows = [epoch | _row(planned) for planned in plan.objects]
    return pl.DataFrame(rows, schema=empty_frame(SCHEMA).schema, orient="row")


def _row(planned: PlannedObject) -> dict[str, Any]:
    origin_epoch, origin_position = planned.origin or (None, None)
    return {
        "position": planned.position,
        "key": planned.ref.key,
        "size": planned.ref.size,
        "version": planned.ref.version,
        "origin_epoch": origin_epoch,
        "origin_position": origin_position,
        "rows": None if planned.rows is None else list(planned.rows),
    }


def _plan(rows: list[dict[str, Any]]) -> EpochPlan:
    first = rows[0]
    return EpochPlan(
        epoch=first["epoch"],
        kind=first["kind"],
        registered_at=first["registered_at"].astimezone(UTC),
        contract=first["contract"],
        decoder=first["decoder"],
        objects=tuple(_planned(row) for row in rows),
        generation=first.get("generation") or 0,
    )


def _planned(row: dict[str, Any]) -> PlannedObject:
    origin = (row["origin_epoch"], row["origin_position"])
    return PlannedObject(
        position=row["position"],
        ref=ObjectRef(row["key"], row["size"], row["version"]),
        rows=None if row["rows"] is None else tuple(row["rows"]),
        origin=None if origin[0] is None else origin,
    )
