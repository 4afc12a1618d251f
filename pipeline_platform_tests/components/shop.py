"""The shop: a small foreign project, copied where a test may change it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PROJECTS = Path(__file__).parent / "projects"
REPOSITORY = Path(__file__).parents[2]


def copy_shop(folder: Path) -> Path:
    """The shop's project in `folder`, ready to be started from."""
    project = folder / "shop_project"
    shutil.copytree(PROJECTS / "shop", project, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "dagster.yaml", project / "dagster.yaml")
    return project


@contextmanager
def importable(project: Path) -> Iterator[None]:
    """`shop` is this copy, and afterwards nobody's."""
    _forget()
    sys.path.insert(0, str(project))
    try:
        yield
    finally:
        sys.path.remove(str(project))
        _forget()


def _forget() -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "shop"]:
        del sys.modules[name]


def environment(project: Path, home: Path) -> dict[str, str]:
    """Environment of a process that works on the shop."""
    paths = os.pathsep.join([str(project), str(REPOSITORY)])
    kept = {k: v for k, v in os.environ.items() if k != "DAGSTER_HOME"}
    return {**kept, "PYTHONPATH": paths, "PIPELINE_PLATFORM_HOME": str(home)}


def call(project: Path, home: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """Run one of the environment's commands in the project."""
    return subprocess.run(
        [str(Path(sys.executable).parent / command[0]), *command[1:]],
        cwd=project,
        env=environment(project, home),
        capture_output=True,
        text=True,
        timeout=110,
    )


def land_order(home: Path, name: str, day: str, product: str = "tea") -> None:
    """One object with one order of that day, written as a producer should."""
    folder = home / "landing" / "orders"
    folder.mkdir(parents=True, exist_ok=True)
    row = {"id": name, "ordered_at": f"{day}T12:00:00Z", "email": "a@b.c", "product": product}
    part = folder / f".{name}.tmp"
    part.write_text(json.dumps({**row, "amount": 9.5}) + "\n")
    part.rename(folder / f"{name}.json")
