"""`make bench`: every measure, printed as Markdown; name some to run only those."""

import platform
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import admission, graph, live, loading, point_in_time, serve, snapshots, views

MEASURES = {
    "admission": admission.against_duckdb,
    "known": admission.with_known_objects,
    "demo": graph.whole_demo,
    "year": graph.year_against_bare_sql,
    "loading": loading.definitions,
    "asof": point_in_time.as_of,
    "features": point_in_time.year_of_features,
    "live": live.visibility,
    "flood": live.flood,
    "serve": serve.by_key,
    "merged": views.merged_reads,
    "rebuild": views.rebuilt_year,
    "paths": views.paths,
    "snapshots": snapshots.of_postgresql,
}


def main() -> None:
    """Run the measures and print what they found, with the machine and the day."""
    wanted = sys.argv[1:] or list(MEASURES)
    print(f"Measured on {datetime.now(UTC):%Y-%m-%d}: {_machine()}.\n")
    for name in wanted:
        with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
            print(f"## {name}\n\n" + MEASURES[name](Path(folder)) + "\n", flush=True)


def _machine() -> str:
    import os

    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GB, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}"
    )


if __name__ == "__main__":
    main()
