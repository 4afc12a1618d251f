"""Why a row was refused."""

from enum import StrEnum

from msgspec import Struct


class Reason(StrEnum):
    """Every reason a row can be refused for; the value is what users read."""

    MALFORMED = "malformed"  # not a row of the declared format
    NOT_UTF8 = "not_utf8"
    DUPLICATE_FIELD = "duplicate_field"
    UNKNOWN_FIELD = "unknown_field"
    MISSING = "missing"  # a required field is absent
    NULL = "null"  # a required field is null
    WRONG_TYPE = "wrong_type"
    OUT_OF_RANGE = "out_of_range"  # does not fit the type: overflow, precision, no such date
    RULE = "rule"
    TOO_LONG = "too_long"  # a row longer than max_row_bytes
    TOO_DEEP = "too_deep"
    UNREADABLE = "unreadable"  # the rest of the object cannot be read
    EMPTY_OBJECT = "empty_object"
    OBJECT_TOO_LARGE = "object_too_large"  # more than max_object_bytes when decompressed
    NO_EVENT_TIME = "no_event_time"  # the event-time expression gave NULL
    FUTURE = "future"
    BEFORE_START = "before_start"
    AFTER_END = "after_end"
    EXPIRED = "expired"
    CONFLICT = "conflict"  # same id and day as an accepted row, another payload


REMAINDERS = frozenset({Reason.UNREADABLE, Reason.EMPTY_OBJECT, Reason.OBJECT_TOO_LARGE})
"""Reasons that refuse all the rest of an object as one row."""


class Refusal(Struct, frozen=True):
    """One refused row.

    `row` is its ordinal in the object, `offset` the byte at which it starts in the
    decompressed object, `column` the column at fault or empty, `detail` a sentence, and
    `original` the row's bytes (a remainder is cut to `max_row_bytes`).
    """

    row: int
    offset: int
    reason: Reason
    column: str
    detail: str
    original: bytes
