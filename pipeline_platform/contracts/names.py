"""Names of tables and layers, and the columns every stream table carries."""

import re

from msgspec import Struct

from pipeline_platform.errors import DeclarationError, UnknownName

LAYERS = ("raw", "serving", "warehouse", "mart", "feature")

DAY = "_day"  # date: UTC day of the event (of the arrival where a stream has no event time)
EPOCH = "_epoch"  # bigint: the epoch that accepted the row
POSITION = "_position"  # int: ordinal of the object in its epoch
ROW = "_row"  # bigint: ordinal of the row in its object, from 0
EXTRA = "_extra"  # string: unknown fields as one JSON object, where the contract keeps them
GENERATION = "_generation"  # bigint: the rebuild that judged a row; null for the first judgement
EVENT_ID = "_event_id"  # string: content hash and row, where the contract declares no id

RESERVED = re.compile(
    r"__(refused|accounting|history|batch|live|standing|(states|pinned)(_[a-z0-9]+)?)$"
)
"""Endings of the names of tables that the platform adds to a declared one."""

_NAME = re.compile(r"[a-z][a-z0-9]*(_{1,2}[a-z0-9]+)*")


def check_name(name: str, *, kind: str, where: str = "") -> str:
    """`name` itself; refuses what is not lower snake case (a table name in every engine)."""
    if not _NAME.fullmatch(name):
        better = re.sub("[^a-z0-9]+", "_", name.lower()).strip("_") or "events"
        raise DeclarationError(
            f"{kind} name {name!r} is not lower snake case",
            where=where,
            known="names start with a letter and hold a-z, 0-9 and single underscores",
            remedy=f"rename it, for example to {better!r}",
        )
    return name


class TableName(Struct, frozen=True, order=True):
    """A table as SQL says it: `layer.name`."""

    layer: str
    name: str

    @classmethod
    def parse(cls, text: str, *, where: str = "") -> "TableName":
        """From `layer.name`; an unknown layer is refused with the known ones."""
        layer, _, name = text.partition(".")
        if layer not in LAYERS:
            raise UnknownName("layer", layer, LAYERS, where=where)
        return cls(layer, check_name(name, kind="table", where=where))

    @property
    def key(self) -> list[str]:
        """The Dagster asset key, `[layer, name]`."""
        return [self.layer, self.name]

    def __str__(self) -> str:
        return f"{self.layer}.{self.name}"
