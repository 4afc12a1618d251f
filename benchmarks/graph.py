"""The demo as a whole, and a year through every layer beside the bare SQL."""

import sys
from pathlib import Path

from benchmarks.measure import run, task
from benchmarks.report import megabytes, table


def whole_demo(folder: Path) -> str:
    """`pipeline-platform demo` in an empty home, then again with nothing to do."""
    home = {"PIPELINE_PLATFORM_HOME": str(folder)}
    command = [sys.executable, "-c", "from pipeline_platform.cli import main; main(['demo'])"]
    measured = {"first": run(command, home), "again": run(command, home)}
    rows = [
        (name, found.wall_s, found.cpu_s, megabytes(found.peak_bytes))
        for name, found in measured.items()
    ]
    return table(["demo", "wall s", "CPU s", "peak memory"], rows)


def year_against_bare_sql(folder: Path) -> str:
    """One Dagster run over the year, beside admission and SQL without Dagster or checks."""
    places = {name: folder / name for name in ("graph", "bare")}
    for place in places.values():
        task("land", environment=_home(place))
    graph = task("year", environment=_home(places["graph"])).answer
    bare = task("bare", environment=_home(places["bare"])).answer
    net = graph["seconds"] - graph["events"]
    rows = [
        ("bare: admission", bare["admission"], ""),
        ("bare: snapshots of the operational tables", bare["snapshots"], ""),
        ("bare: the views", bare["views"], ""),
        ("bare: the same SQL, written to Delta", bare["sql"], ""),
        ("bare: the features", bare["features"], ""),
        ("one Dagster run", graph["seconds"], ""),
        ("of it, writing events", graph["events"], ""),
        ("the run without writing events", net, f"{net / sum(bare.values()):.2f}x of bare"),
    ]
    return table(["a year through every layer", "seconds", ""], rows)


def _home(folder: Path) -> dict[str, str]:
    return {"PIPELINE_PLATFORM_HOME": str(folder)}
