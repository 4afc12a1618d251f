"""As-of joins by both clocks beside DuckDB and Feast; the demo's features for a year."""

import sys
from pathlib import Path
from typing import NamedTuple

from benchmarks.feast import environment
from benchmarks.measure import Measured, run, task
from benchmarks.report import megabytes, table

_OURS = "kernel"
_TITLES = {
    "kernel": "the kernel over Parquet",
    "build": "a build, lake to lake",
    "duckdb_both": "DuckDB ASOF, both clocks",
    "duckdb_event": "DuckDB ASOF, event_ts only",
    "feast_both": "Feast, both clocks",
    "feast_event": "Feast by default",
}
_OWN = ("kernel", "build")
_DUCKDB = ("duckdb_both", "duckdb_event")
_FEAST = ("feast_both", "feast_event")


class _Case(NamedTuple):
    title: str
    spine: int
    rows: int
    keys: int
    ways: tuple[str, ...]
    kind: str = "even"


_CASES = (
    _Case("10,000 keys", 100_000, 1_000_000, 10_000, _OWN + _DUCKDB + _FEAST),
    _Case(
        "10,000 keys, available at once",
        100_000,
        1_000_000,
        10_000,
        ("kernel", "duckdb_event", "feast_event"),
        "at_once",
    ),
    _Case("100 skewed keys", 100_000, 1_000_000, 100, _OWN + _DUCKDB, "skewed"),
    # Feast pairs every spine row with all earlier rows of its key: 3e9 pairs for the case above.
    _Case(
        "100 skewed keys, a twentieth of the rows",
        5_000,
        50_000,
        100,
        ("kernel", "duckdb_both", "feast_both"),
        "skewed",
    ),
    _Case("ten times the rows", 1_000_000, 10_000_000, 10_000, _OWN + _DUCKDB),
)


def as_of(folder: Path) -> str:
    """Every case by every way that ends within a minute, beside the kernel and the first case."""
    columns = ["join", "seconds", "CPU s", "peak memory", "to the kernel", "to the first case"]
    first: dict[str, float] = {}
    parts = []
    for number, case in enumerate(_CASES):
        rows = _rows(folder / str(number), case, first)
        title = f"{case.title}: {case.spine:,} spine rows, {case.rows:,} rows"
        parts.append(f"{title}\n\n" + table([*columns, "differ", "leaked"], rows))
    return "\n\n".join(parts)


def year_of_features(folder: Path) -> str:
    """After the demo: `feature.flight_delay` built for the whole year, then checked."""
    home = {"PIPELINE_PLATFORM_HOME": str(folder)}
    run([sys.executable, "-c", "from pipeline_platform.cli import main; main(['demo'])"], home)
    found = task("flight_delay", environment=home)
    rows = [
        ("built, all days", found.answer["build"]),
        ("its two checks, all days", found.answer["checks"]),
        ("CPU of the process", found.cpu_s),
    ]
    size = f"{found.answer['rows']:,} rows, peak {megabytes(found.peak_bytes)}"
    return table([f"feature.flight_delay, {size}", "seconds"], rows)


def _rows(folder: Path, case: _Case, first: dict[str, float]) -> list[tuple[object, ...]]:
    """The case by each of its ways; `first` keeps the seconds of a way's first case."""
    task("write_join", folder, case.spine, case.rows, case.keys, case.kind)
    measured = {way: _join(folder, way) for way in case.ways}
    seconds = {way: float(found.answer["seconds"]) for way, found in measured.items()}
    return [
        (
            _TITLES[way],
            seconds[way],
            found.answer["cpu"],
            megabytes(found.peak_bytes),
            f"{seconds[way] / seconds[_OURS]:.2f}x",
            f"{seconds[way] / first.setdefault(way, seconds[way]):.2f}x",
            *_compared(folder, way),
        )
        for way, found in measured.items()
    ]


def _join(folder: Path, way: str) -> Measured:
    tool, _, clocks = way.partition("_")
    if tool == "feast":
        return environment.join(folder, clocks)
    return task(f"join_{tool}", folder, *filter(None, [clocks]))


def _compared(folder: Path, way: str) -> tuple[str, str]:
    found = task("compare_joins", folder, _OURS, way).answer
    return f"{found['differ']:,}", f"{found['leaked']:,}"
