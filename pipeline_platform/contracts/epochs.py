"""Objects, epochs and their accounting: what the ledger writes down."""

from datetime import datetime
from typing import Literal

from msgspec import Struct


class ObjectRef(Struct, frozen=True, order=True):
    """An immutable raw object: key, size in bytes, and version (or etag) of the store."""

    key: str
    size: int
    version: str


class PlannedObject(Struct, frozen=True):
    """An object at its place in an epoch.

    A replay names where the object was first planned (`origin`: epoch and position) and
    the row ordinals to take; `rows` is None for all rows of an arrival.
    """

    position: int
    ref: ObjectRef
    rows: tuple[int, ...] | None = None
    origin: tuple[int, int] | None = None


class EpochPlan(Struct, frozen=True):
    """The write-once record of what an epoch holds; a retry processes exactly this.

    `generation` is that of the accepted rows when it was planned; later generations decode
    the epoch under the contract that they were made with.
    """

    epoch: int
    kind: Literal["arrival", "replay"]
    registered_at: datetime
    contract: str
    decoder: int
    objects: tuple[PlannedObject, ...]
    generation: int = 0


class Accounting(Struct, frozen=True):
    """Row counts; `landed` comes from the framer, never from the sum of the others.

    `replayed` counts refusals that a replay took up again. The books balance when
    landed + replayed == accepted + duplicates + refused.
    """

    landed: int = 0
    accepted: int = 0
    duplicates: int = 0
    refused: int = 0
    replayed: int = 0
    warned: int = 0

    def __add__(self, other: "Accounting") -> "Accounting":
        return Accounting(*(getattr(self, f) + getattr(other, f) for f in self.__struct_fields__))

    @property
    def balanced(self) -> bool:
        """Whether every row that came in went somewhere."""
        return self.rows_in == self.accepted + self.duplicates + self.refused

    @property
    def rows_in(self) -> int:
        """Rows that came in: landed, or taken up again."""
        return self.landed + self.replayed

    @property
    def open_refusals(self) -> int:
        """Refusals that no replay has taken up."""
        return self.refused - self.replayed
