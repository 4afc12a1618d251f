"""What to admit next: the difference between the landed objects and the ledger."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pipeline_platform.contracts.epochs import ObjectRef

EPOCH_OBJECTS = 10_000


@dataclass(frozen=True)
class Difference:
    """`new` objects by key; `changed` ones differ from what the ledger knows of their key."""

    new: tuple[ObjectRef, ...]
    changed: tuple[ObjectRef, ...]

    @property
    def bytes(self) -> int:
        """Stored bytes of the new objects."""
        return sum(ref.size for ref in self.new)


def difference(landed: Iterable[ObjectRef], known: Mapping[str, ObjectRef]) -> Difference:
    """Objects that the ledger does not know, and known ones whose identity changed."""
    new: list[ObjectRef] = []
    changed: list[ObjectRef] = []
    for ref in landed:
        before = known.get(ref.key)
        if before is None:
            new.append(ref)
        elif before != ref:
            changed.append(ref)
    return Difference(tuple(sorted(new)), tuple(sorted(changed)))


def bounded(
    objects: Iterable[ObjectRef], most_bytes: int, most_objects: int = EPOCH_OBJECTS
) -> Iterator[tuple[ObjectRef, ...]]:
    """Cut `objects` into epochs, in order; only an epoch of one object may exceed the bytes."""
    batch: list[ObjectRef] = []
    size = 0
    for ref in objects:
        if batch and (size + ref.size > most_bytes or len(batch) == most_objects):
            yield tuple(batch)
            batch, size = [], 0
        batch.append(ref)
        size += ref.size
    if batch:
        yield tuple(batch)
