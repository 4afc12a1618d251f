"""What each type accepts, from JSON and from text, and which fault is named first."""

import io
import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_platform.contracts.stream import Column, Landing, StreamContract
from pipeline_platform.contracts.verdicts import Reason
from pipeline_platform.ingest.decode import Decoder
from pipeline_platform.ingest.instants import timestamp_reader
from pipeline_platform.ingest.instants_fast import read_column
from pipeline_platform.ingest.json_strict import Fault

R = Reason
BERLIN = {"zone": "Europe/Berlin"}

TWELVE_HOURS = {"format": "%Y%m%d %I:%M %p", **BERLIN}


def one(column: Column, text: str, fmt: Any = "ndjson", unknown: Any = "refuse") -> Any:
    """The value, or the reason, of the one row that holds `text`."""
    place = Landing("s/", format=fmt, null_values=("NA",))
    what = StreamContract("s", place, (column,), date(2024, 1, 1), unknown_fields=unknown)
    data = f'{{"v":{text}}}' if fmt == "ndjson" else f"v\n{text}\n"
    (chunk,) = Decoder(what).decode(io.BytesIO(data.encode()))
    if chunk.refusals:
        assert chunk.refusals[0].column == "v" and chunk.refusals[0].detail
        return chunk.refusals[0].reason
    return chunk.frame["v"].item()


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("kind", "options", "text", "wanted"),
    [
        ("int", {}, "1.0", R.WRONG_TYPE),
        ("int", {}, "1e2", R.WRONG_TYPE),
        ("int", {}, '"1"', R.WRONG_TYPE),
        ("int", {}, "true", R.WRONG_TYPE),
        ("int", {}, "-2147483648", -2147483648),
        ("int", {}, "2147483648", R.OUT_OF_RANGE),
        ("tinyint", {}, "128", R.OUT_OF_RANGE),
        ("bigint", {}, "9223372036854775807", 9223372036854775807),
        ("bigint", {}, "9" * 5000, R.OUT_OF_RANGE),
        ("double", {}, "1", 1.0),
        ("double", {}, "9007199254740992", 9007199254740992.0),
        ("double", {}, "9007199254740993", R.OUT_OF_RANGE),
        ("double", {}, "1e400", R.OUT_OF_RANGE),
        ("double", {}, '"1.5"', R.WRONG_TYPE),
        ("float", {}, "16777217", R.OUT_OF_RANGE),
        ("float", {}, "3.5e38", R.OUT_OF_RANGE),
        ("boolean", {}, "1", R.WRONG_TYPE),
        ("string", {}, "1", R.WRONG_TYPE),
        ("string", {}, "{}", R.WRONG_TYPE),
        ("binary", {}, '"AAE="', b"\x00\x01"),
        ("binary", {}, '"AAE"', R.WRONG_TYPE),
        ("decimal(5,2)", {}, "1.50", Decimal("1.50")),
        ("decimal(5,2)", {}, '"-999.99"', Decimal("-999.99")),
        ("decimal(5,2)", {}, "1.500", Decimal("1.50")),
        ("decimal(5,2)", {}, "1.505", R.OUT_OF_RANGE),
        ("decimal(5,2)", {}, "1000", R.OUT_OF_RANGE),
        ("decimal(5,2)", {}, "1e999999999", R.OUT_OF_RANGE),
        ("decimal(5,2)", {}, '" 1"', R.WRONG_TYPE),
        ("date", {}, '"2024-02-29"', date(2024, 2, 29)),
        ("date", {}, '"2023-02-29"', R.OUT_OF_RANGE),
        ("date", {}, '"2024-2-9"', R.WRONG_TYPE),
        ("date", {"format": "%d.%m.%y"}, '"09.02.24"', date(2024, 2, 9)),
        ("timestamp", {}, '"2024-01-01T00:00:00.123456Z"', utc(2024, 1, 1, 0, 0, 0, 123456)),
        ("timestamp", {}, '"2024-01-01 00:00:00+05:30"', utc(2023, 12, 31, 18, 30)),
        ("timestamp", {}, '"2024-01-01T00:00:00"', R.WRONG_TYPE),
        ("timestamp", {}, '"2024-01-01T00:00Z"', R.WRONG_TYPE),
        ("timestamp", {}, '"2024-01-01T24:00:00Z"', R.OUT_OF_RANGE),
        ("timestamp", {}, '"2024-01-01T00:00:00.1234567Z"', R.OUT_OF_RANGE),
        ("timestamp", {}, '"0001-01-01T00:00:00+01:00"', R.OUT_OF_RANGE),
        ("timestamp", {}, "1704067200", R.WRONG_TYPE),
        ("timestamp", {"format": "epoch_s"}, "1704067200", utc(2024, 1, 1)),
        ("timestamp", {"format": "epoch_ms"}, "1704067200123", utc(2024, 1, 1, 0, 0, 0, 123000)),
        ("timestamp", {"format": "epoch_ms"}, '"1704067200123"', R.WRONG_TYPE),
        ("timestamp", {"format": "epoch_us"}, "1.5", R.WRONG_TYPE),
        ("timestamp", {"format": "epoch_s"}, "253402300800", R.OUT_OF_RANGE),
        ("timestamp", BERLIN, '"2024-07-01T12:00:00"', utc(2024, 7, 1, 10)),
        ("timestamp", BERLIN, '"2024-07-01T12:00:00Z"', utc(2024, 7, 1, 12)),
        ("timestamp", BERLIN, '"2024-10-27T02:30:00"', utc(2024, 10, 27, 0, 30)),
        ("timestamp", BERLIN, '"2024-03-31T02:30:00"', R.OUT_OF_RANGE),
        (
            "timestamp",
            {"format": "%Y%m%d %I:%M %p", **BERLIN},
            '"20240101 01:00 PM"',
            utc(2024, 1, 1, 12),
        ),
        ("array<int>", {}, "[1,null]", [1, None]),
        ("array<int>", {}, '["1"]', R.WRONG_TYPE),
        ("array<timestamp>", {}, '["2024-01-01T00:00:00Z"]', [utc(2024, 1, 1)]),
        ("struct<a:int,b:string>", {}, '{"a":1}', {"a": 1, "b": None}),
        ("struct<a:int>", {}, '{"a":1,"z":1}', R.UNKNOWN_FIELD),
    ],
)
def test_json_values(kind: str, options: dict[str, str], text: str, wanted: Any) -> None:
    found = one(Column("v", kind, **options), text)
    assert (list(found) if isinstance(found, pl.Series) else found) == wanted


@pytest.mark.parametrize(
    ("kind", "text", "wanted"),
    [
        ("int", "007", 7),
        ("int", "+7", R.WRONG_TYPE),
        ("int", " 7", R.WRONG_TYPE),
        ("int", "\u0667", R.WRONG_TYPE),
        ("int", "NA", None),
        ("int", '"NA"', R.WRONG_TYPE),
        ("double", "nan", R.WRONG_TYPE),
        ("double", "inf", R.WRONG_TYPE),
        ("double", "1e3", 1000.0),
        ("boolean", "true", True),
        ("boolean", "TRUE", R.WRONG_TYPE),
        ("decimal(4,1)", "100.5", Decimal("100.5")),
        ("string", '"NA"', "NA"),
    ],
)
def test_text_values(kind: str, text: str, wanted: Any) -> None:
    assert one(Column("v", kind), text, "csv") == wanted


def test_the_first_fault_in_the_documented_order_is_named() -> None:
    columns = (Column("a", "int", nullable=False), Column("b", "int", nullable=False))
    what = StreamContract("s", Landing("s/"), columns, date(2024, 1, 1))
    rows = {
        b'{"a":1,"a":1,"z":1,"b":"x" "\xff"}': (R.NOT_UTF8, ""),
        b'{"a":1,"a":1,"z":1,"b":"x",}': (R.MALFORMED, ""),
        b'{"z":1,"a":1,"a":1}': (R.DUPLICATE_FIELD, "a"),
        b'{"a":"x","z":1}': (R.UNKNOWN_FIELD, ""),
        b'{"b":"x"}': (R.MISSING, "a"),
        b'{"b":"x","a":null}': (R.NULL, "a"),
        b'{"b":"x","a":1}': (R.WRONG_TYPE, "b"),
    }
    (chunk,) = Decoder(what).decode(io.BytesIO(b"\n".join(rows)))
    assert [(r.reason, r.column) for r in chunk.refusals] == list(rows.values())


def test_unknown_fields_are_kept_as_they_were_written() -> None:
    what = StreamContract(
        "s", Landing("s/"), (Column("v", "int"),), date(2024, 1, 1), unknown_fields="keep"
    )
    data = b'{"z":1.50,"v":1,"a":{"c":[1e400,null],"b":"\\u00e9"}}\n{"v":2}\n'
    (chunk,) = Decoder(what).decode(io.BytesIO(data))
    kept = '{"a":{"b":"é","c":[1e400,null]},"z":1.50}'
    assert chunk.frame["_extra"].to_list() == [kept, None]


DIGITS = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,7})?"
WRITTEN = st.one_of(
    st.datetimes(timezones=st.timezones()).map(lambda at: at.isoformat()),
    st.from_regex(DIGITS, fullmatch=True),
    st.sampled_from(
        ["2024-01-01T00:00:00Z", "2024-01-01T00:00:60Z", "\u0662024-01-01T00:00:00Z", ""]
    ),
)
TAILS = st.sampled_from(["", "Z", "+01:00", "-0130", "+02"])
INSTANTS = st.tuples(WRITTEN, TAILS).map("".join)


@given(st.lists(INSTANTS, min_size=1, max_size=5))
def test_a_column_of_timestamps_is_read_as_one_by_one(texts: list[str]) -> None:
    read = timestamp_reader("", "", where="v")
    values, good = read_column(pl.Series(texts * 64), read)
    for at, text in enumerate(texts * 64):
        try:
            wanted: int | None = read(text)
        except Fault:
            wanted = None
        assert (values[at] if good[at] else None) == wanted, text


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(1 << 53), 1 << 53))
def test_doubles_come_through_bit_by_bit(number: float, whole: int) -> None:
    for value in (number, whole):
        assert repr(one(Column("v", "double"), json.dumps(value))) == repr(float(value))
