"""What definitions cost above importing Dagster."""

from pathlib import Path
from statistics import median

from benchmarks.measure import task
from benchmarks.report import table

_TIMES = 5


def definitions(folder: Path) -> str:
    """Medians over several fresh processes."""
    found = [task("load").answer for _ in range(_TIMES)]
    rows = [
        ("import dagster", median(f["dagster"] for f in found)),
        ("loading the definitions, above that", median(f["definitions"] for f in found)),
    ]
    return table(["what", "seconds"], rows)
