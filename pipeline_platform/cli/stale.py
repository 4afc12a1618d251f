"""Which partitions of which assets are out of date, from what is recorded."""

from collections.abc import Collection, Mapping
from graphlib import TopologicalSorter

from msgspec import Struct

Partition = str | None  # None: the whole of an asset that is not cut into partitions


class Recorded(Struct, frozen=True):
    """What is known of one asset.

    `built` holds per partition the storage id of its newest materialization (ids grow with
    time), `changed`, where that is known, of the oldest with the same data as the newest;
    `code` the code version that made it; an empty `code_version` says nothing.
    `reads` says, per upstream asset, which of its partitions each own partition is computed
    from. `pending`: input waits outside the graph. `marks`: runs of this asset record by
    themselves which partitions downstream they changed, so that its being newer makes
    nothing stale.
    """

    partitions: Collection[Partition]
    built: Mapping[Partition, int]
    code: Mapping[Partition, str]
    code_version: str
    reads: Mapping[str, Mapping[Partition, Collection[Partition]]]
    exists: bool = True
    pending: bool = False
    marks: bool = False
    changed: Mapping[Partition, int] = {}

    def since(self, partition: Partition) -> int:
        """The storage id since which the partition has the data that it has; 0: never built."""
        return self.changed.get(partition, self.built.get(partition, 0))


def stale(assets: Mapping[str, Recorded]) -> dict[str, frozenset[Partition]]:
    """The partitions to build, per asset that has any, upstream assets first.

    A partition is stale when it was never built, its table is gone, other code built it,
    or something it reads is stale or newer than itself.
    """
    found: dict[str, frozenset[Partition]] = {}
    graph = {name: [u for u in asset.reads if u in assets] for name, asset in assets.items()}
    for name in TopologicalSorter(graph).static_order():
        asset = assets[name]
        found[name] = frozenset(p for p in asset.partitions if _is_stale(p, asset, assets, found))
    return {name: partitions for name, partitions in found.items() if partitions}


def _is_stale(
    partition: Partition,
    asset: Recorded,
    assets: Mapping[str, Recorded],
    found: Mapping[str, frozenset[Partition]],
) -> bool:
    own = asset.built.get(partition)
    if own is None or asset.pending or not asset.exists:
        return True
    if asset.code_version and asset.code.get(partition) != asset.code_version:
        return True
    return any(
        read in found[upstream]
        or (not assets[upstream].marks and assets[upstream].since(read) > own)
        for upstream, mapping in asset.reads.items()
        if upstream in assets
        for read in mapping.get(partition, ())
    )


def batches(
    assets: Mapping[str, Recorded], wanted: Mapping[str, frozenset[Partition]]
) -> list[dict[str, frozenset[Partition]]]:
    """`wanted`, in upstream-first order, in the fewest runs over one range of partitions.

    A run has one range, so assets share it only where they are cut into the same
    partitions; an asset that is not cut fits every run that its upstreams allow.
    """
    left, runs = dict(wanted), []
    while left:
        span = next((s for name in left if (s := _span(assets[name]))), None)
        taken: dict[str, frozenset[Partition]] = {}
        for name, partitions in left.items():
            waits = any(u in left and u not in taken for u in assets[name].reads)
            if not waits and _span(assets[name]) in (None, span):
                taken[name] = partitions
        runs.append(taken)
        left = {name: partitions for name, partitions in left.items() if name not in taken}
    return runs


def _span(asset: Recorded) -> tuple[Partition, Partition] | None:
    """First and last partition; None for an asset that is not cut."""
    listed = list(asset.partitions)
    return (listed[0], listed[-1]) if listed and listed[0] is not None else None
