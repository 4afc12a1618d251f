"""Command: make a project of one's own."""

import keyword
import re
from importlib.util import find_spec
from pathlib import Path
from string import Template

import click

from pipeline_platform.errors import Abort

_PYPROJECT = Template("""\
[project]
name = "$name"
version = "0.1.0"
requires-python = ">=3.11,<3.14"
dependencies = ["pipeline-platform"]

[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[tool.setuptools.packages.find]
include = ["$name*"]

[tool.setuptools.package-data]
$name = ["defs/**/*"]

[tool.dg]
directory_type = "project"

[tool.dg.project]
root_module = "$name"
code_location_name = "$name"

[tool.pytest.ini_options]
testpaths = ["tests"]
pythonpath = ["."]
""")
_DEFINITIONS = '''\
"""Everything that the folders below defs/ declare, as Dagster definitions."""

from pathlib import Path

import dagster as dg

from pipeline_platform.definitions import build_defs


@dg.definitions
def defs() -> dg.Definitions:
    return build_defs(Path(__file__))
'''
_DAGSTER = """\
# How Dagster runs here. Read from the folder where `dg dev` is started, unless
# DAGSTER_HOME is set; everything is kept in data/dagster.
storage:
  custom:
    module: pipeline_platform.components.storage
    class: Storage

compute_logs:
  module: pipeline_platform.components.storage
  class: ComputeLogs

telemetry: {enabled: false}
nux: {enabled: false}

run_queue:
  max_concurrent_runs: 2
  dequeue_interval_seconds: 1

run_retries: {enabled: true, max_retries: 2}
run_monitoring: {enabled: true, start_timeout_seconds: 300, poll_interval_seconds: 30}

retention:
  sensor: {purge_after_days: {skipped: 1, failure: 30, success: 30}}
  schedule: {purge_after_days: {skipped: 30, failure: 90, success: 90}}
  auto_materialize: {purge_after_days: {skipped: 1, failure: 30, success: 30}}

auto_materialize: {use_sensors: true}
sensors: {use_threads: true, num_workers: 4}
schedules: {use_threads: true, num_workers: 2}
"""
_IGNORED = """\
/data/
/.venv/
/.env
__pycache__/
*.egg-info/
.pytest_cache/
.tmp_dagster_home_*/
"""
_TEST = Template('''\
"""What is declared can be loaded."""

from $name.definitions import defs


def test_the_definitions_load() -> None:
    assert defs().get_repository_def()
''')
_README = Template("""\
# $name

A data platform made with [pipeline-platform]: streams, operational tables, models, charts and
feature sets are folders below `$name/defs/`.

    dg scaffold defs pipeline_platform.components.Stream sales/orders --file-format csv
    dg check defs                 check what is declared
    pipeline-platform build       admit what landed, build what is out of date
    pipeline-platform query "SHOW TABLES"
    dg dev                        the Dagster UI on http://127.0.0.1:3000
    python -m pytest              the tests

Data rests in `data/`. Passwords stand in `.env`, which is not under version control.
""")


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
def init(folder: Path) -> None:
    """Make a project in FOLDER, which must be new or empty; its name becomes the package's.

    Writes pyproject.toml, dagster.yaml, a package with definitions.py and an empty defs
    folder, and a test. Needs no network and installs nothing.
    """
    name = _name(folder.absolute())
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Abort(
            "this is no empty folder",
            where=str(folder),
            known="a new project overwrites nothing",
            remedy="name a folder that does not exist yet",
        )
    for path, text in _files(name).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    click.echo(
        f"Made {folder}. What next:\n"
        f"  cd {folder}\n"
        "  dg scaffold defs pipeline_platform.components.Stream sales/orders --file-format csv\n"
        "  pipeline-platform build\n"
        "  dg dev"
    )


def _files(name: str) -> dict[str, str]:
    return {
        "pyproject.toml": _PYPROJECT.substitute(name=name),
        "dagster.yaml": _DAGSTER,
        ".gitignore": _IGNORED,
        "README.md": _README.substitute(name=name),
        f"{name}/__init__.py": f'"""The platform {name}."""\n',
        f"{name}/definitions.py": _DEFINITIONS,
        f"{name}/defs/__init__.py": '"""What exists: one folder per thing, below its domain."""\n',
        "tests/test_definitions.py": _TEST.substitute(name=name),
    }


def _name(folder: Path) -> str:
    """The package's name; Abort for one that Python or somebody else has taken."""
    name = re.sub(r"[^a-z0-9_]+", "_", folder.name.lower()).strip("_")
    fault = ""
    if not name.isidentifier() or keyword.iskeyword(name):
        fault = f"{folder.name!r} gives no name for a Python package"
    elif find_spec(name):
        fault = f"there is a Python package {name!r} already"
    if fault:
        raise Abort(
            fault,
            where=str(folder),
            known="the folder's name becomes the package's: lower case letters, digits and _",
            remedy="name the folder otherwise, for example my_platform",
        )
    return name
