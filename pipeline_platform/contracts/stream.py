"""The contract of a stream: what its rows must be to be accepted."""

import hashlib
from datetime import date
from typing import Literal

import msgspec
from msgspec import Struct

from pipeline_platform.contracts.names import EVENT_ID, TableName
from pipeline_platform.contracts.types import DataType

Format = Literal["ndjson", "json", "csv", "text"]
OnFail = Literal["refuse", "warn"]
UnknownFields = Literal["keep", "drop", "refuse"]


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """A condition in Spark SQL over the columns of one row; NULL passes, false fails.

    `column` is the column the rule speaks of, or empty for a rule of the whole row.
    """

    name: str
    expression: str
    on_fail: OnFail = "refuse"
    column: str = ""


class Column(Struct, frozen=True, forbid_unknown_fields=True):
    """One typed column of a contract.

    `source` is the field's name in the object where it differs from `name`.
    `format` says how a date or timestamp is written: empty for ISO 8601, `epoch_s`,
    `epoch_ms`, `epoch_us`, or strftime directives; `zone` is the zone of a timestamp
    that is written without one (empty: such a timestamp is refused).
    `personal` names the kind of personal data the column holds, or is empty.
    """

    name: str
    type: str
    nullable: bool = True
    description: str = ""
    personal: str = ""
    source: str = ""
    format: str = ""
    zone: str = ""

    @property
    def data_type(self) -> DataType:
        """The parsed type."""
        return DataType.parse(self.type)

    @property
    def field(self) -> str:
        """The field's name in the object."""
        return self.source or self.name


class Landing(Struct, frozen=True, forbid_unknown_fields=True):
    """Where objects of a stream land and how they are written.

    `prefix` ends in a slash and is relative to the landing store. Whether an object is
    gzip is read off its first two bytes. `settle_s` seconds must pass after an object's
    last change before it is seen. CSV: `delimiter`, `quote`; CSV and text: tokens of
    `null_values` (unquoted) mean NULL. Text: `pattern` has one named group per field.
    `max_row_bytes` and `max_object_bytes` bound a row and a decompressed object.
    """

    prefix: str
    format: Format = "ndjson"
    settle_s: float = 0.0
    delimiter: str = ","
    quote: str = '"'
    null_values: tuple[str, ...] = ("",)
    pattern: str = ""
    max_row_bytes: int = 1 << 20
    max_object_bytes: int = 16 << 30


class StreamContract(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that decides the verdict on a row of one stream.

    `event_id` names columns; empty means (content hash of the object, row).
    `event_time` is a Spark SQL expression of type timestamp; empty means the stream has
    no event time and one de-duplication scope for its whole life.
    `start` is the first day, `end` the first day after the last (None: open).
    """

    name: str
    landing: Landing
    columns: tuple[Column, ...]
    start: date
    event_id: tuple[str, ...] = ()
    event_time: str = ""
    end: date | None = None
    skew_s: float = 3600.0
    unknown_fields: UnknownFields = "refuse"
    rules: tuple[Rule, ...] = ()

    @property
    def ledger(self) -> TableName:
        """The ledger's table, `raw.<stream>`."""
        return TableName("raw", self.name)

    @property
    def accepted(self) -> TableName:
        """The accepted rows' table, `serving.<stream>`."""
        return TableName("serving", self.name)

    @property
    def refused(self) -> TableName:
        """The refused rows' table, `serving.<stream>__refused`."""
        return TableName("serving", f"{self.name}__refused")

    @property
    def accounting(self) -> TableName:
        """The accounting per object, `raw.<stream>__accounting`."""
        return TableName("raw", f"{self.name}__accounting")

    @property
    def identity(self) -> tuple[str, ...]:
        """The accepted table's columns that identify an event within its day."""
        return self.event_id or (EVENT_ID,)

    def column(self, name: str) -> Column:
        """The column called `name`; KeyError if there is none."""
        return next(c for c in self.columns if c.name == name)

    def to_json(self) -> bytes:
        """Canonical JSON; equal contracts give equal bytes."""
        return msgspec.json.encode(self, order="deterministic")

    @classmethod
    def from_json(cls, data: bytes) -> "StreamContract":
        """The contract that `to_json` wrote."""
        return msgspec.json.decode(data, type=cls)

    @property
    def fingerprint(self) -> str:
        """16 hex digits over all that decides a verdict; descriptions do not."""
        silent = tuple(
            msgspec.structs.replace(c, description="", personal="") for c in self.columns
        )
        bare = msgspec.structs.replace(self, columns=silent)
        return hashlib.sha256(bare.to_json()).hexdigest()[:16]
