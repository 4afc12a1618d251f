"""Rows are cut, counted and located alike, however the object is broken or delivered."""

import gzip
import io
import zlib
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_platform.contracts.stream import Column, Landing, StreamContract
from pipeline_platform.contracts.verdicts import Reason
from pipeline_platform.errors import DeclarationError
from pipeline_platform.ingest.decode import Chunk, Decoder, decode

ID = Column("id", "string", nullable=False)
N = Column("n", "int")
GOOD = b'{"id":"a","n":1}'


def contract(fmt: Any, *columns: Column, unknown: Any = "refuse", **landing: Any) -> StreamContract:
    place = Landing("s/", format=fmt, **landing)
    return StreamContract("s", place, columns or (ID, N), date(2024, 1, 1), unknown_fields=unknown)


def chunks(data: bytes, what: StreamContract, size: int = 1 << 20) -> list[Chunk]:
    return list(Decoder(what, block_bytes=size).decode(io.BytesIO(data)))


def story(data: bytes, what: StreamContract, size: int = 1 << 20) -> list[tuple[Any, ...]]:
    """Each landed row in order: ordinal, offset, original, and cells or reason."""
    found = list[tuple[Any, ...]]()
    for chunk in chunks(data, what, size):
        rows = chunk.frame["_row"].to_list()
        spans = chunk.originals(rows)
        cells = chunk.frame.drop("_row").rows()
        found += [(r, *s, c) for r, s, c in zip(rows, spans, cells, strict=True)]
        found += [(r.row, r.offset, r.original, r.reason) for r in chunk.refusals]
    assert [row[0] for row in sorted(found)] == list(range(len(found)))
    return sorted(found)


def reasons(data: bytes, what: StreamContract, size: int = 1 << 20) -> list[Any]:
    return [row[3] for row in story(data, what, size)]


def test_lines_with_their_endings_and_blank_ones() -> None:
    data = GOOD + b"\r\n\n \t \n" + GOOD + b"\n\r\n" + GOOD
    found = story(data, contract("ndjson"))
    assert [(row, offset, original) for row, offset, original, _ in found] == [
        (0, 0, GOOD),
        (1, 23, GOOD),
        (2, 42, GOOD),
    ]


def test_half_a_last_line_is_judged_like_any_line() -> None:
    assert reasons(GOOD + b"\n" + GOOD[:-3], contract("ndjson")) == [("a", 1), Reason.MALFORMED]


@pytest.mark.parametrize("fmt", ["ndjson", "json", "csv", "text"])
@pytest.mark.parametrize("data", [b"", gzip.compress(b"")], ids=["plain", "gzip"])
def test_an_object_without_bytes_is_one_refusal(fmt: str, data: bytes) -> None:
    what = contract(fmt, pattern="(?P<id>.*)")
    assert story(data, what) == [(0, 0, b"", Reason.EMPTY_OBJECT)]


def test_white_space_alone_lands_nothing() -> None:
    for fmt in ("ndjson", "json"):
        assert story(b" \n\t\r\n ", contract(fmt)) == []
    assert story(b"id,n\n\n\r\n", contract("csv")) == []


def test_byte_order_marks_are_passed_over_and_counted_in_offsets() -> None:
    for fmt in ("ndjson", "json"):
        assert story(b"\xef\xbb\xbf" + GOOD, contract(fmt)) == [(0, 3, GOOD, ("a", 1))]
    assert story(b"\xef\xbb\xbfid,n\na,1\n", contract("csv")) == [(0, 8, b"a,1", ("a", 1))]


def test_concatenated_values_with_any_white_space() -> None:
    data = GOOD + GOOD + b" \n" + b'{"id":"}{",\n "n":2}' + b"\t" + GOOD
    found = story(data, contract("json"))
    assert [row[3] for row in found] == [("a", 1), ("a", 1), ("}{", 2), ("a", 1)]
    assert all(data[offset:].startswith(original) for _, offset, original, _ in found)


@pytest.mark.parametrize(
    "broken",
    [
        b'{"id":"open',
        b'{"id":"open\\"}',
        b'{"id":"a","n":',
        b'{"id":"a",',
        b'{"id":[',
        b'{"id":[1,2}',
        b"rubbish",
        b"]]",
        b"[1]",
        b'"text"',
        b"{]",
        b'{"id":"a","n":1,}',
        b'{"id":{"a":"\xff"}}',
        b"\\",
    ],
)
def test_after_a_broken_value_the_next_line_with_a_value_counts_again(broken: bytes) -> None:
    lines = [GOOD, broken, GOOD, GOOD, broken]
    found = story(b"\n".join(lines), contract("json"))
    assert [row[2] for row in found if row[3] == ("a", 1)] == [GOOD] * 3
    assert len(found) in (4, 5)
    assert all(row[3] == ("a", 1) or isinstance(row[3], Reason) for row in found)


def test_a_value_may_hold_lines_that_begin_with_a_brace() -> None:
    tags = Column("tags", "array<struct<a:int>>")
    data = b'{"tags":[\n{"a":1},\n{"a":2}\n]}' + b'{"tags":[]}'
    assert reasons(data, contract("json", tags)) == [([{"a": 1}, {"a": 2}],), ([],)]


@pytest.mark.parametrize("fmt", ["ndjson", "json"])
@pytest.mark.parametrize("size", [16, 64, 1 << 20])
def test_a_row_that_is_too_long_is_one_refusal(fmt: str, size: int) -> None:
    long = b'{"id":"' + b"x" * 500 + b'"}'
    data = GOOD + b"\n" + long + b"\n" + GOOD + b"\n" + long
    what = contract(fmt, max_row_bytes=60)
    assert story(data, what, size) == [
        (0, 0, GOOD, ("a", 1)),
        (1, 17, long[:60], Reason.TOO_LONG),
        (2, 18 + len(long), GOOD, ("a", 1)),
        (3, 35 + len(long), long[:60], Reason.TOO_LONG),
    ]


@settings(max_examples=60, deadline=None)
@given(length=st.integers(17, 60), size=st.integers(8, 90))
def test_the_longest_row_is_the_same_in_every_delivery(length: int, size: int) -> None:
    row = b'{"id":"' + b"x" * (length - 9) + b'"}'
    for fmt, end in (("ndjson", b"\r\n"), ("ndjson", b"\n"), ("json", b"\n")):
        what = contract(fmt, max_row_bytes=40)
        found = story(GOOD + end + row + end + GOOD, what, size)
        wanted = Reason.TOO_LONG if length > 40 else ("x" * (length - 9), None)
        assert [r[3] for r in found] == [("a", 1), wanted, ("a", 1)]


def test_a_cut_gzip_keeps_whole_rows_and_refuses_the_remainder_once() -> None:
    lines = [b'{"id":"%d"}' % (n * n) for n in range(3000)]
    packed = gzip.compress(b"\n".join(lines) + b"\n")
    for cut in (3, 30, len(packed) // 2, len(packed) - 9, len(packed) - 1):
        found = story(packed[:cut], contract("ndjson"), 4096)
        assert [row[2] for row in found[:-1]] == lines[: len(found) - 1]
        assert found[-1][3] == Reason.UNREADABLE
        if len(found) <= len(lines):
            assert lines[len(found) - 1].startswith(found[-1][2])


def test_a_garbled_gzip_keeps_what_comes_before_the_fault() -> None:
    lines = [b'{"id":"%d"}' % (n * n) for n in range(3000)]
    packed = bytearray(gzip.compress(b"\n".join(lines) + b"\n"))
    packed[len(packed) // 2 : len(packed) // 2 + 40] = b"\xff" * 40
    found = story(bytes(packed), contract("ndjson"))
    assert [row[3] for row in found].count(Reason.UNREADABLE) == 1
    assert found[-1][3] == Reason.UNREADABLE
    whole = sum(row[2] == line for row, line in zip(found, lines, strict=False))
    assert whole > len(lines) // 4


def test_members_follow_each_other_and_padding_is_no_row() -> None:
    data = gzip.compress(GOOD + b"\n" + GOOD[:5]) + gzip.compress(GOOD[5:] + b"\n") + b"\x00" * 512
    assert reasons(data, contract("ndjson")) == [("a", 1)] * 2
    found = story(data + b"trailing", contract("ndjson"))
    assert [row[3] for row in found] == [("a", 1)] * 2 + [Reason.UNREADABLE]


def test_an_object_beyond_its_limit_is_one_refusal_and_is_not_inflated() -> None:
    bomb = gzip.compress(GOOD + b"\n" + b" " * (200 << 20), compresslevel=1)
    stream = io.BytesIO(bomb)
    what = contract("ndjson", max_object_bytes=1 << 20)
    found = [r for chunk in decode(stream, what) for r in chunk.refusals]
    assert [(r.row, r.offset, r.reason) for r in found] == [(1, 17, Reason.OBJECT_TOO_LARGE)]
    assert stream.tell() < len(bomb) // 2
    exact = contract("ndjson", max_object_bytes=len(GOOD))
    assert reasons(GOOD, exact) == [("a", 1)]
    assert reasons(GOOD + b"\n", exact) == [Reason.OBJECT_TOO_LARGE]


def test_csv_quoting_headers_and_nulls() -> None:
    data = b'n;id;extra\r\n1;"a;""b""\r\nc";x\r\n;"";\r\nNA;NA;"NA"\r\n2;"NA";y'
    what = contract("csv", delimiter=";", null_values=("", "NA"), unknown="keep")
    assert reasons(data, what) == [
        ('a;"b"\r\nc', 1, '{"extra":"x"}'),
        ("", None, '{"extra":null}'),
        Reason.NULL,
        ("NA", 2, '{"extra":"y"}'),
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (b"a", Reason.MALFORMED),
        (b"a,1,2", Reason.MALFORMED),
        (b'a"b,1', Reason.MALFORMED),
        (b'"a"b,1', Reason.MALFORMED),
        (b'"a,1', Reason.MALFORMED),
        (b"a\rb,1", Reason.MALFORMED),
        (b"\xff,1", Reason.NOT_UTF8),
        (b"a,1.0", Reason.WRONG_TYPE),
        (b"a, 1", Reason.WRONG_TYPE),
        (b"a,+1", Reason.WRONG_TYPE),
        (b"a,2147483648", Reason.OUT_OF_RANGE),
        (b",1", Reason.NULL),
    ],
)
@pytest.mark.parametrize("size", [8, 1 << 20])
def test_a_broken_csv_row_takes_no_other_along(row: bytes, reason: Reason, size: int) -> None:
    data = b'id,n\na,1\n"b",2\n' + row + b'\nc,3\n"d",4\n'
    good = [("a", 1), ("b", 2), reason, ("c", 3), ("d", 4)]
    assert reasons(data, contract("csv"), size) == good


@pytest.mark.parametrize(
    ("header", "unknown", "reason", "column"),
    [
        (b"id,n,zz", "refuse", Reason.UNKNOWN_FIELD, ""),
        (b"n,x", "drop", Reason.MISSING, "id"),
        (b"id,n,id", "drop", Reason.DUPLICATE_FIELD, "id"),
        (b'id,n,"q', "drop", Reason.MALFORMED, ""),
        (b"id,n,\xff", "drop", Reason.NOT_UTF8, ""),
    ],
)
def test_a_wrong_header_refuses_every_row(
    header: bytes, unknown: str, reason: Reason, column: str
) -> None:
    found = chunks(header + b"\na,1,2\nb,2,3\n", contract("csv", unknown=unknown))
    refusals = [r for chunk in found for r in chunk.refusals]
    assert [(r.row, r.reason, r.column) for r in refusals] == [(n, reason, column) for n in (0, 1)]


def test_columns_of_csv_come_in_any_order_and_may_be_absent() -> None:
    assert reasons(b"n,id\n1,a\n", contract("csv")) == [("a", 1)]
    assert reasons(b"id\na\n", contract("csv")) == [("a", None)]
    assert reasons(b"zz,id\n1,a\n", contract("csv", unknown="drop")) == [("a", None)]


def test_text_is_matched_in_full() -> None:
    host = Column("host", "string", nullable=False)
    status = Column("status", "int", nullable=False)
    size = Column("size", "bigint")
    at = Column("at", "timestamp", format="%d/%b/%Y:%H:%M:%S %z")
    pattern = r'(?P<host>\S+) \[(?P<at>[^]]+)\] "[^"]*" (?P<status>\d+|-) (?P<size>\S+)'
    what = contract("text", host, at, status, size, pattern=pattern, null_values=("-",))
    line = b'::1 [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 -'
    data = b"\n".join([line, line + b" more", line.replace(b" 200 ", b" - "), b"", b"\xff"])
    found = reasons(data, what)
    assert found[1:] == [Reason.MALFORMED, Reason.NULL, Reason.NOT_UTF8]
    assert found[0][0] == "::1" and found[0][2:] == (200, None)
    assert found[0][1].isoformat() == "2000-10-10T20:55:36+00:00"


def test_declarations_that_cannot_be_decoded_are_refused_when_compiled() -> None:
    for what in (
        contract("text", pattern="(?P<id>"),
        contract("text", pattern="(?P<zz>.)"),
        contract("csv", delimiter="||"),
        contract("csv", Column("xs", "array<int>")),
        contract("ndjson", Column("at", "timestamp", format="%Q")),
        contract("ndjson", Column("at", "timestamp", zone="Mars/Olympus")),
    ):
        with pytest.raises(DeclarationError):
            Decoder(what)


CSV_TEXT = st.text(alphabet='ab,"\r\n\té ', max_size=5)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(CSV_TEXT, CSV_TEXT), min_size=1, max_size=8), st.integers(8, 60))
def test_csv_written_by_any_writer_is_read_back(rows: list[tuple[str, str]], size: int) -> None:
    def quoted(cell: str) -> str:
        return '"' + cell.replace('"', '""') + '"'

    text = "a,b\n" + "".join(f"{quoted(a)},{quoted(b)}\r\n" for a, b in rows)
    what = contract("csv", Column("a", "string"), Column("b", "string"))
    assert reasons(text.encode(), what, size) == rows


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["ndjson", "json", "csv", "text"]), st.booleans())
def test_any_bytes_are_accounted_for(data: bytes, fmt: str, packed: bool) -> None:
    what = contract(fmt, pattern="(?P<id>.*)", unknown="keep", max_row_bytes=50)
    given_bytes = gzip.compress(data) if packed else data
    whole = story(given_bytes, what)
    for size in (8, 33):
        assert story(given_bytes, what, size) == whole


HOSTILE = st.lists(
    st.sampled_from(
        [
            b'"',
            b",",
            b"\n",
            b"\r\n",
            b"a",
            b"{",
            b"}",
            b"\\",
            b"[",
            b"]",
            b" ",
            GOOD,
            b'{"id":"x',
            b":",
        ]
    ),
    max_size=25,
).map(b"".join)


@settings(max_examples=300, deadline=None)
@given(HOSTILE, st.sampled_from(["ndjson", "json", "csv"]), st.integers(8, 40))
def test_where_pieces_end_decides_nothing(data: bytes, fmt: str, size: int) -> None:
    if fmt == "csv":
        data = b"id,n\n" + data
    what = contract(fmt, unknown="keep", max_row_bytes=25)
    assert story(data, what, size) == story(data, what)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=80), st.integers(0, 60), st.integers(0, 255))
def test_a_damaged_gzip_never_raises(tail: bytes, at: int, byte: int) -> None:
    packed = bytearray(gzip.compress((GOOD + b"\n") * 20) + tail)
    packed[min(at, len(packed) - 1)] = byte
    try:
        whole = zlib.decompress(bytes(packed), wbits=31)
    except zlib.error:
        whole = b""
    found = reasons(bytes(packed), contract("ndjson"))
    assert found and (not whole or found[: whole.count(GOOD)] == [("a", 1)] * whole.count(GOOD))
