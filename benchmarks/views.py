"""Views: merged reads over long histories, rebuilds, and what each path costs."""

from pathlib import Path

from benchmarks import events
from benchmarks.measure import task
from benchmarks.report import table

MOST_EPOCHS = 100_000
EPOCHS, ROWS = 100, 10_000


def merged_reads(folder: Path) -> str:
    """One day read after more and more folds, and with more and more days beside it."""
    folded = task("read_after_epochs", folder / "epochs", MOST_EPOCHS).answer
    lines: list[tuple[object, ...]] = []
    first = folded["ms"]["10"]
    for folds, took in folded["ms"].items():
        lines.append((f"after {int(folds):,} folds", took, f"{took / first:.2f}x"))
    base = 0.0
    for days in (10, 1_000):
        took = task("read_after_days", folder / f"days-{days}", days).answer["ms"]
        base = base or took
        lines.append((f"with {days:,} settled days", took, f"{took / base:.2f}x"))
    return table(["one day, 24 groups", "ms, p50", "against the least"], lines)


def rebuilt_year(folder: Path) -> str:
    """The demo's views filled anew over its year of flights."""
    took = task("rebuild", folder / "year").answer["seconds"]
    return table(["view over 336,776 flights", "seconds"], list(took.items()))


def paths(folder: Path) -> str:
    """What batch only, real time only and both cost."""
    lines = []
    for how in ("batch", "speed", "both"):
        home = folder / how
        events.write(home / "aside", EPOCHS * ROWS, per_object=ROWS)
        found = task("keep_up", home, how, EPOCHS, ROWS).answer
        lines.append((how, found["cpu"], f"{found['bytes'] / 1000:,.0f} kB", found["files"]))
    return table(["paths", "CPU s per million events", "states", "files"], lines)
