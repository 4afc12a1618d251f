"""Strict JSON: every vector of rfc8259.txt through the decoder, on every path."""

import io
import re
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from pipeline_platform.contracts.stream import Column, Landing, StreamContract
from pipeline_platform.contracts.verdicts import Reason
from pipeline_platform.ingest import json_fast
from pipeline_platform.ingest.decode import Decoder
from pipeline_platform.ingest.json_strict import MAX_DEPTH

GOOD = b'{"v":"x","u":1}'


class Vector(NamedTuple):
    """A row and what must become of it; `reason` is empty for an accepted one."""

    name: str
    row: bytes
    reason: str


def vectors() -> list[Vector]:
    """The table's vectors."""
    found = []
    table = Path(__file__).with_name("rfc8259.txt").read_text().splitlines()
    for at, line in enumerate(table, 1):
        if not line or line.startswith("#"):
            continue
        verdict, section, where, text = (line.removesuffix(" |") + " | ").split(" | ")[:4]
        raw = _bytes(text)
        row = raw if where == "text" else b'{"v":"x","u":' + raw + b"}"
        kind, _, detail = verdict.partition(":")
        accepted = kind == "y" or detail == "y"
        reason = "" if accepted else detail or Reason.MALFORMED.value
        found.append(Vector(f"{at}-{kind}-{section}-{text.strip()[:24]}", row, reason))
    return found


def _bytes(text: str) -> bytes:
    def one(match: re.Match[str]) -> str:
        return "\\" if match[0] == "\\\\" else chr(int(match[1], 16))

    return re.sub(r"\\\\|\\x([0-9a-f]{2})", one, text).encode("latin-1")


VECTORS = vectors()


def decoded(data: bytes, fmt: Any, **options: Any) -> tuple[int, list[str]]:
    """How many rows were accepted, and the reasons of the refused ones."""
    what = StreamContract(
        "s",
        Landing("s/", format=fmt),
        (Column("v", "string"),),
        date(2024, 1, 1),
        unknown_fields="drop",
    )
    chunks = list(Decoder(what, **options).decode(io.BytesIO(data)))
    assert sum(c.landed for c in chunks) == sum(c.frame.height + len(c.refusals) for c in chunks)
    reasons = [str(r.reason) for c in chunks for r in c.refusals]
    return sum(c.frame.height for c in chunks), reasons


@pytest.fixture(autouse=True)
def _small_blocks_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_fast, "ENOUGH", 1)


@pytest.mark.parametrize("vector", VECTORS, ids=[v.name for v in VECTORS])
@pytest.mark.parametrize("precise", [True, False], ids=["precise", "bulk"])
def test_vector(vector: Vector, precise: bool) -> None:
    several_lines = b"\n" in vector.row
    fmt = "json" if several_lines else "ndjson"
    accepted, reasons = decoded(vector.row + b"\n", fmt, precise=precise)
    assert (accepted, reasons) == ((0, [vector.reason]) if vector.reason else (1, []))


@pytest.mark.parametrize("precise", [True, False], ids=["precise", "bulk"])
def test_vectors_among_good_rows_take_nobody_along(precise: bool) -> None:
    single = [v for v in VECTORS if b"\n" not in v.row and not v.row.startswith(b"\xef\xbb\xbf{")]
    data = b"".join(v.row + b"\n" + GOOD + b"\n" for v in single)
    accepted, reasons = decoded(data, "ndjson", precise=precise)
    assert reasons == [v.reason for v in single if v.reason]
    assert accepted == 2 * len(single) - len(reasons)


@pytest.mark.parametrize("bracket", ["[", '{"a":'], ids=["arrays", "objects"])
def test_nesting_is_bounded_and_never_crashes(bracket: str) -> None:
    def nested(depth: int) -> bytes:
        close = "]" if bracket == "[" else "}"
        return f'{{"u":{bracket * depth}{"1"}{close * depth}}}\n'.encode()

    assert decoded(nested(MAX_DEPTH - 1), "ndjson") == (1, [])
    assert decoded(nested(MAX_DEPTH), "ndjson") == (0, ["too_deep"])
    assert decoded(nested(50_000), "ndjson") == (0, ["too_deep"])
    assert decoded(b'{"u":' + bracket.encode() * 90_000, "json") == (0, ["malformed"])
    assert decoded(b'{"u":"' + bracket.replace('"', "'").encode() * 5000 + b'"}', "ndjson") == (
        1,
        [],
    )


def test_every_production_has_vectors_of_both_kinds() -> None:
    kinds: dict[str, set[str]] = {}
    for vector in VECTORS:
        _, kind, section, *_ = vector.name.split("-")
        kinds.setdefault(section, set()).add(kind)
    assert all(kinds[section] >= {"y", "n"} for section in ("2", "3", "4", "5", "6", "7"))
    assert len(VECTORS) > 200
