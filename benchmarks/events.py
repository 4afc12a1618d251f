"""Generates JSON events: a month of them, clean or with broken rows."""

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import polars as pl

START, DAYS = date(2026, 1, 1), 30
PREFIX = "events/"
COLUMNS = {
    "id": "string",
    "ts": "timestamp",
    "user_id": "bigint",
    "session": "int",
    "kind": "string",
    "page": "string",
    "country": "string",
    "amount": "double",
    "ms": "int",
}
_KINDS = ["view", "click", "search", "purchase", "signup"]
_COUNTRIES = ["DE", "FR", "US", "JP", "BR", "IN", "ZA"]
_MONTH_MS = DAYS * 86_400_000
_SCRAMBLE = np.uint64(0x9E3779B97F4A7C15)


def write(folder: Path, rows: int, *, per_object: int = 50_000, broken: int = 0) -> int:
    """Write `rows` events as NDJSON objects below `folder`; the bytes written.

    Every thousandth event is a repeat of its predecessor. `broken` is how many rows of a
    thousand are broken, each in one of five ways.
    """
    folder.mkdir(parents=True, exist_ok=True)
    size = 0
    for number, first in enumerate(range(0, rows, per_object)):
        lines = _lines(first, min(per_object, rows - first), rows)
        if broken:
            lines = _break(lines, np.random.default_rng(number), broken)
        data = "\n".join(lines).encode() + b"\n"
        (folder / f"events-{number:05d}.json").write_bytes(data)
        size += len(data)
    return size


def _lines(first: int, count: int, rows: int) -> pl.Series:
    """The events numbered from `first`, their times spread over the month in order."""
    ordinal = np.arange(first, first + count, dtype=np.uint64)
    ordinal -= (ordinal % 1000 == 999).astype(np.uint64)
    stable = ordinal * _SCRAMBLE
    epoch_ms = int(datetime(START.year, START.month, START.day, tzinfo=UTC).timestamp() * 1000)
    frame = pl.DataFrame(
        {
            "id": pl.Series(stable).map_elements(lambda n: f"{n:016x}", pl.String),
            "ts": epoch_ms + (ordinal.astype(np.float64) / rows * _MONTH_MS).astype(np.int64),
            "user_id": (stable >> np.uint64(44)).astype(np.int64) + 1_000_000_000,
            "session": (stable >> np.uint64(40)).astype(np.int64) % 1000,
            "kind": np.array(_KINDS)[(stable >> np.uint64(33)).astype(np.int64) % len(_KINDS)],
            "page": (stable >> np.uint64(30)).astype(np.int64) % 50_000,
            "country": np.array(_COUNTRIES)[(stable >> np.uint64(7)).astype(np.int64) % 7],
            "amount": ((stable >> np.uint64(20)).astype(np.int64) % 1_000_000) / 100,
            "ms": (stable >> np.uint64(50)).astype(np.int64),
        }
    )
    line = pl.format(
        '"id":"{}","ts":"{}","user_id":{},"session":{},"kind":"{}",'
        '"page":"/p/{}","country":"{}","amount":{},"ms":{}',
        "id",
        pl.from_epoch("ts", "ms").dt.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"),
        *frame.columns[2:],
    )
    return frame.select(pl.lit("{") + line + pl.lit("}")).to_series()


def _break(lines: pl.Series, draw: np.random.Generator, per_thousand: int) -> list[str]:
    listed = lines.to_list()
    for place in np.flatnonzero(draw.random(len(listed)) < per_thousand / 1000):
        listed[place] = _BREAKAGES[draw.integers(len(_BREAKAGES))](listed[place])
    return listed


_BREAKAGES = (
    lambda line: line[: len(line) // 2],
    lambda line: line.replace('"user_id":', '"user_id":"x', 1).replace(',"session"', '","session"'),
    lambda line: line.replace('"id"', '"key"', 1),
    lambda line: line.replace('"amount":', '"amount":NaN,"a":', 1),
    lambda line: line + "}",
)
