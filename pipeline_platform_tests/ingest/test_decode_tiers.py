"""The bulk paths give the verdicts of the precise one, on rows made to deceive them."""

import io
import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_platform.contracts.stream import Column, Landing, StreamContract
from pipeline_platform.ingest import csv_fast, json_fast
from pipeline_platform.ingest.decode import Decoder

COLUMNS = (
    Column("id", "string", nullable=False),
    Column("n", "int"),
    Column("big", "bigint", source="a-b.c"),
    Column("x", "double"),
    Column("y", "float"),
    Column("ok", "boolean"),
    Column("at", "timestamp"),
    Column("ms", "timestamp", format="epoch_ms"),
    Column("day", "date"),
    Column("tiny", "tinyint"),
)
NESTED = (
    *COLUMNS[:2],
    Column("tags", "array<string>"),
    Column("s", "struct<a:int,b:array<double>>"),
)
DECIMALS = (*COLUMNS[:2], Column("price", "decimal(6,2)"))

INTEGERS = [
    "0",
    "128",
    "-129",
    "-0",
    "1",
    "-1",
    "2147483647",
    "2147483648",
    "-2147483648",
    "9007199254740992",
]
INTEGERS += ["9007199254740993", "16777216", "16777217", "9223372036854775807"]
INTEGERS += ["9223372036854775808", "-9223372036854775808", "1" * 25]
INTEGERS += ["253402300800000", "01", "+1"]
FLOATS = [
    "1.0",
    "1e2",
    "-0.0",
    "1E400",
    "1e-400",
    "3.4028235e38",
    "3.4028236e38",
    "0.1",
    "1.",
    ".5",
]
FLOATS += ["9007199254740993.0", "1e5", "1234567890123456789012", "NaN", "Infinity", "0x1"]
TEXTS = [
    '""',
    '"a"',
    '":"',
    '":a"',
    '"a :"',
    '"a\\n"',
    '"\\u00e9"',
    '"\\ud83d\\ude00"',
    '"\\ud800"',
]
TEXTS += [
    '"\\u0000"',
    '"\\x"',
    '"\té"',
    '"tab\t"',
    '"null"',
    '"{}"',
    '"[1]"',
    '"7"',
    '"é"',
    '"\x7f"',
]
TEXTS += ['"2024-01-01T00:00:00Z"', '"2024-01-01 00:00:00.5+01:00"']
TEXTS += ['"2024-01-01T00:00:00"', '"2023-02-29"', '"2024-02-29"', '"2024-02-29T24:00:00Z"']
TEXTS += ['"0001-01-01T00:00:00+01:00"']
OTHERS = ["null", "true", "false", "True", "{}", "[]", '{"a":1}', '["a",null]', "[1,2]", "", "nul"]
OTHERS += [
    '{"a":1,"b":[1.5,null]}',
    '{"b":[],"a":null}',
    '{"a":1,"a":2}',
    '{"c":1}',
    "[[1]]",
    "[1,]",
]
VALUES = st.sampled_from(INTEGERS + FLOATS + TEXTS + OTHERS)
GOOD: dict[str, Any] = {
    "id": ['"e1"', '"é"'],
    "n": ["1", "-5"],
    "a-b.c": ["12345678901", "0"],
    "x": ["1.5", "2", "-1e3"],
    "y": ["0.25", "3"],
    "ok": ["true", "false"],
    "at": ['"2024-05-06T07:08:09Z"', '"2024-05-06T07:08:09.123Z"'],
    "ms": ["1700000000000", "-1"],
    "day": ['"2024-02-29"'],
    "tiny": ["7", "-128"],
    "tags": ['["a","b"]', "[]"],
    "s": ['{"a":1,"b":[1.5]}', '{"a":2}'],
    "price": ['"1.50"', "2.25", "3"],
}
KEYS = st.sampled_from([*GOOD, "zz", "N", "", "\\u0069d", "i\\u0064", "n "])
SPACES = st.sampled_from(["", "", "", " ", "  ", "\t", "\r", "\x0b", "\x00", "\ufeff"])
ENDS = st.sampled_from(["\n", "\n", "\n", "\r\n", "\n\n", "\n \n", "\n\t\n", " \n", "\r\r\n"])


@st.composite
def members(draw: st.DrawFn, columns: tuple[Column, ...]) -> list[tuple[str, str]]:
    """The members of a row: good ones, then a few changes."""
    found = [(c.field, draw(st.sampled_from(GOOD[c.field]))) for c in columns]
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(found) - 1)) if found else 0
        match draw(st.integers(0, 6)):
            case 0 if found:
                found[at] = (found[at][0], draw(VALUES))
            case 1 if found:
                found[at] = (draw(KEYS), found[at][1])
            case 2 if found:
                del found[at]
            case 3:
                found.insert(at, (draw(KEYS), draw(VALUES)))
            case 4 if found:
                found.append((found[at][0], draw(VALUES)))
            case 5:
                found = draw(st.permutations(found))
            case 6 if found:
                found[at] = (found[at][0], "null")
    return found


@st.composite
def lines(draw: st.DrawFn, columns: tuple[Column, ...]) -> bytes:
    """One line, perhaps cut, garbled, or spaced oddly."""
    pairs = draw(members(columns))
    hurt = draw(st.integers(0, 9))
    if hurt < 2:
        space = lambda: draw(SPACES)  # noqa: E731
    else:
        plain = draw(st.sampled_from(["", "", " "]))
        space = lambda: plain  # noqa: E731
    body = ("," + space()).join(
        f'"{k}"{"" if hurt > 1 else space()}:{space()}{v}' for k, v in pairs
    )
    row = ("{" + body + "}").encode("utf-8", "surrogatepass")
    if hurt == 2:
        at = draw(st.integers(0, len(row)))
        row = row[:at]
    elif hurt == 3:
        at = draw(st.integers(0, len(row)))
        junk = st.sampled_from(
            [b"\xff", b"\xed\xa0\x80", b"\x00", b"\x1f", b"}", b"{", b'"', b",", b"\\"]
        )
        row = row[:at] + draw(junk) + row[at + draw(st.integers(0, 1)) :]
    elif hurt == 4:
        row += draw(st.sampled_from([b"x", b" {}", b"{}", b"//", b"\x0c", b","]))
    return row + draw(ENDS).encode()


def contract(
    columns: tuple[Column, ...], unknown: Any = "refuse", fmt: Any = "ndjson", **landing: Any
) -> StreamContract:
    place = Landing("s/", format=fmt, **landing)
    return StreamContract("s", place, columns, date(2024, 1, 1), unknown_fields=unknown)


def verdicts(data: bytes, what: StreamContract, **options: Any) -> tuple[Any, ...]:
    """Everything a decoder says of an object, put together again from its chunks."""
    rows, refusals, landed = [], [], 0
    for chunk in Decoder(what, **options).decode(io.BytesIO(data)):
        assert chunk.first_row == landed
        assert chunk.landed == chunk.frame.height + len(chunk.refusals)
        places = chunk.frame["_row"].to_list()
        assert places == sorted(places)
        originals = chunk.originals(places)
        assert all(data[at : at + len(row)] == row for at, row in originals)
        cells = [[repr(v) for v in row] for row in chunk.frame.rows()]
        rows += list(zip(cells, originals, strict=True))
        refusals += chunk.refusals
        landed += chunk.landed
        schema = chunk.frame.schema
    return rows, refusals, landed, schema if landed else None


@pytest.fixture(autouse=True)
def _small_blocks_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_fast, "ENOUGH", 1)
    monkeypatch.setattr(csv_fast, "ENOUGH", 1)


SETS = [COLUMNS, NESTED, DECIMALS]


@pytest.mark.parametrize("columns", SETS, ids=["scalars", "nested", "decimals"])
@pytest.mark.parametrize("unknown", ["refuse", "drop", "keep"])
def test_bulk_paths_judge_as_the_precise_one(columns: tuple[Column, ...], unknown: str) -> None:
    what = contract(columns, unknown)

    @settings(max_examples=60, deadline=None)
    @given(st.lists(lines(columns), min_size=1, max_size=6))
    def law(rows: list[bytes]) -> None:
        data = b"".join(rows)
        assert verdicts(data, what) == verdicts(data, what, precise=True)

    law()


@pytest.mark.parametrize("unknown", ["refuse", "drop", "keep"])
@settings(max_examples=60, deadline=None)
@given(row=lines(COLUMNS), copies=st.integers(1, 3), place=st.integers(0, 3))
def test_one_hostile_row_among_good_ones(unknown: str, row: bytes, copies: int, place: int) -> None:
    good = {c.field: json.loads(GOOD[c.field][0]) for c in COLUMNS}
    line = json.dumps(good, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
    rows = [line] * 3
    rows[place:place] = [row] * copies
    data, what = b"".join(rows), contract(COLUMNS, unknown)
    assert verdicts(data, what) == verdicts(data, what, precise=True)


def test_two_rows_whose_oddities_would_cancel_in_the_sums() -> None:
    what = contract((Column("a", "string"), Column("b", "int")), "refuse")
    fewer = [b'{"a":1,"b":1}', b'{"a":true}', b'{"a":{}}', b'{"b":1,"b":1}', b'{"a":"x","zz":null}']
    more = [b'{"a":"x","zz" :null}', b'{"a":":","b":1}', b'{"a":"x" ,"b" :1}', b'{"zz":"x"}', b"{}"]
    blank = [b"  ", b'{"b":1} {"b":2}', b'{"a" : "x"}', b'{"a":null,"b":null}', b'{"b":"1"}']
    for first in fewer + more + blank:
        for second in fewer + more + blank:
            data = first + b"\n" + second + b"\n"
            assert verdicts(data, what) == verdicts(data, what, precise=True), data


@settings(max_examples=100, deadline=None)
@given(st.lists(lines(COLUMNS[:3]), min_size=1, max_size=6), st.integers(8, 200))
def test_where_blocks_are_cut_does_not_matter(rows: list[bytes], size: int) -> None:
    data = b"".join(rows)
    for fmt in ("ndjson", "json"):
        what = contract(COLUMNS[:3], "keep", fmt, max_row_bytes=90)
        whole = verdicts(data, what)
        assert verdicts(data, what, block_bytes=size) == whole
        assert verdicts(data, what, precise=True) == whole


def test_clean_blocks_are_taken_whole_and_broken_ones_row_by_row() -> None:
    what = contract(COLUMNS)
    good = (
        b"{"
        + b",".join(f'"{k}":{GOOD[k][0]}'.encode() for k in [c.field for c in COLUMNS])
        + b"}\n"
    )
    fast = json_fast.JsonFast(what)
    clean = json_fast.Block(good * 100, 0)
    taken = fast._take_whole(clean)
    assert taken is not None and len(taken[1]) == 100
    broken = json_fast.Block(good * 50 + b'{"id":1}\n' + good * 50, 0)
    assert fast._take_whole(broken) is None
    taken = fast._take_proven(broken)
    assert taken is not None and len(taken[1]) == 100 and 50 not in taken[1]


CELLS = [v.strip('"') for v in INTEGERS + FLOATS + TEXTS + OTHERS] + [
    "007",
    "-007",
    "NA",
    " 1",
    "00",
]
CELLS += ["-0", "1.500", "0.001", "12345.6", "a\rb", '"q"', '""', '"1"', 'a"b', "a,b", "1700000000"]
SCALARS = (*COLUMNS, Column("price", "decimal(6,2)"), Column("bin", "binary"))


@pytest.mark.parametrize("unknown", ["drop", "keep"])
@settings(max_examples=120, deadline=None)
@given(
    names=st.lists(st.sampled_from([*(c.field for c in SCALARS), "zz"]), min_size=1, unique=True),
    rows=st.lists(
        st.lists(st.tuples(st.booleans(), st.sampled_from(CELLS)), min_size=14), max_size=6
    ),
    end=st.sampled_from(["\n", "\r\n", "\n\n", "\r\r\n"]),
    surplus=st.integers(-5, 20),
)
def test_csv_in_bulk_is_judged_as_row_by_row(
    unknown: str, names: list[str], rows: list[Any], end: str, surplus: int
) -> None:
    good = {**{k: v[0].strip('"') for k, v in GOOD.items()}, "bin": "YQ==", "zz": "1"}
    lines = [",".join(names)]
    for row in rows:
        many = len(names) + (surplus if surplus in (-1, 1) else 0)
        cells = [(good[n], cell) for n, cell in zip([*names, "id"][:many], row, strict=False)]
        lines.append(
            ",".join(
                c if odd and i % 3 == 0 else g
                for i, ((g, c), (odd, _)) in enumerate(
                    zip([(g, c[1]) for g, c in cells], row, strict=False)
                )
            )
        )
    data = end.join(lines).encode("utf-8", "surrogatepass") + end.encode()
    what = contract(SCALARS, unknown, "csv", null_values=("", "NA"))
    assert verdicts(data, what) == verdicts(data, what, precise=True)
