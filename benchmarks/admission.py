"""Admission beside DuckDB over the same files, and with many objects known."""

import shutil
from pathlib import Path

from benchmarks import events
from benchmarks.measure import Measured, task
from benchmarks.report import megabytes, table

ROWS = 5_000_000
_BROKEN_PER_THOUSAND = 10
_OBJECTS = 10_000
_COLUMNS = ["what", "rows in", "accepted", "wall s", "CPU s", "peak memory", "against DuckDB"]


def against_duckdb(folder: Path) -> str:
    """Clean rows, one per cent broken, and three times as many; each beside DuckDB."""
    rows = []
    for label, count, broken in (
        ("clean", ROWS, 0),
        ("1% broken", ROWS, _BROKEN_PER_THOUSAND),
        ("clean, three times", 3 * ROWS, 0),
    ):
        home = folder / "home"
        landing = home / "landing" / events.PREFIX
        made = task("generate", landing, count, 50_000, broken).answer["bytes"]
        best = min(
            (_duckdb(folder, landing, how) for how in ("distinct_on", "row_number")),
            key=lambda m: m.answer["seconds"],
        )
        ours = task("admit", home)
        title = f"{label} ({megabytes(made)})"
        rows.append((f"DuckDB, {title}", count, *_figures(best), ""))
        ratio = ours.answer["seconds"] / best.answer["seconds"]
        rows.append((f"admission, {title}", count, *_figures(ours), f"{ratio:.2f}x"))
        shutil.rmtree(home)
    return table(_COLUMNS, rows)


def with_known_objects(folder: Path) -> str:
    """A second admission with nothing new."""
    home = folder / "home"
    task("generate", home / "landing" / events.PREFIX, _OBJECTS * 10, 10, 0)
    first, second = task("admit", home), task("admit", home)
    rows = [
        (f"first admission of {_OBJECTS:,} objects", *_figures(first)),
        ("second admission, nothing new", *_figures(second)),
    ]
    return table(["what", "accepted", "wall s", "CPU s", "peak memory"], rows)


def _duckdb(folder: Path, landing: Path, how: str) -> Measured:
    target = folder / "parquet"
    measured = task("duckdb", landing, target, how)
    shutil.rmtree(target)
    return measured


def _figures(measured: Measured) -> tuple[int, float, float, str]:
    return (
        measured.answer["accepted"],
        measured.answer["seconds"],
        measured.cpu_s,
        megabytes(measured.peak_bytes),
    )
