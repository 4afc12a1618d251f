"""Projects: made by `init`, made by Dagster, and none."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline_platform.settings import is_project
from pipeline_platform_tests.own_platform.page import steps
from pipeline_platform_tests.own_platform.stranger import Stranger

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]

_PYPROJECT = """\
[project]
name = "tea_shop"
requires-python = ">=3.10,<3.15"
version = "0.1.0"
dependencies = ["dagster"]

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[tool.dg]
directory_type = "project"

[tool.dg.project]
root_module = "tea_shop"
registry_modules = ["tea_shop.components.*"]
"""


@pytest.fixture
def stranger(tmp_path: Path) -> Stranger:
    """Somebody in an empty folder."""
    return Stranger(tmp_path)


def test_init_refuses_what_is_there_and_names_that_are_taken(stranger: Stranger) -> None:
    stranger.does("pipeline-platform init shop")
    before = stranger.files()
    assert "this is no empty folder" in stranger.refused("pipeline-platform init shop")
    assert "package 'json' already" in stranger.refused("pipeline-platform init json")
    assert "gives no name" in stranger.refused("pipeline-platform init 7")
    assert stranger.files() == before
    assert is_project(stranger.here / "shop") and not is_project(stranger.here)


def test_every_scaffold_loads_as_it_stands_and_its_sample_is_accepted(stranger: Stranger) -> None:
    stranger.does("pipeline-platform init shop && cd shop")
    kinds = {"a": "ndjson", "b": "json", "c": "csv", "d": "text"}
    scaffold = "dg scaffold defs pipeline_platform.components"
    for name, kind in kinds.items():
        stranger.does(f"{scaffold}.Stream sales/{name} --file-format {kind}")
        stranger.does(
            f"mkdir -p data/landing/sales/{name} && "
            f"cp shop/defs/sales/{name}/sample.* data/landing/sales/{name}/"
        )
    stranger.does(f"{scaffold}.Model sales/fact --layer warehouse --reads serving.a")
    stranger.does(f"{scaffold}.Model sales/by_day --reads warehouse.fact")
    stranger.does(f"{scaffold}.Model sales/alone")
    stranger.does(f"{scaffold}.OperationalTable sales/products")
    stranger.does(
        "mkdir -p data/sources && python -c \"import sqlite3; sqlite3.connect('data/sources/sales"
        ".sqlite').executescript(open('shop/defs/sales/products/sample.sql').read())\""
    )
    stranger.does(f"{scaffold}.FeatureSet sales/history --spine serving.a")
    assert "did you mean" in stranger.refused(f"{scaffold}.FeatureSet sales/x --spine serving.aa")
    stranger.does("dg check yaml && dg check defs")
    printed = stranger.does("pipeline-platform build --format csv")
    rows = dict(line.split(",") for line in printed.splitlines())
    assert [rows[f"serving.{name}"] for name in kinds] == ["2"] * 4
    assert [rows[f"serving.{name}__refused"] for name in kinds] == ["0"] * 4
    assert rows["mart.by_day"] == rows["feature.history"] == rows["serving.products"] == "2"


def test_a_project_that_dagster_made(stranger: Stranger) -> None:
    stranger.write("pyproject.toml", _PYPROJECT)
    stranger.write("src/tea_shop/__init__.py", "")
    stranger.write("src/tea_shop/defs/__init__.py", "")
    for step in steps():
        if step.section == "A project that Dagster made":
            stranger.write(step.path, step.text)
    stranger.does("dg scaffold defs pipeline_platform.components.Model sales/alone")
    assert "mart.alone,2" in stranger.does("pipeline-platform build mart.alone --format csv")
    stranger.does("dg check defs")
    stranger.does("cd src && dg launch --assets mart/alone")
    again = stranger.run("cd tea_shop && pipeline-platform build")
    assert "Nothing has changed" in again.stderr, "dg and the command share one record"


def test_outside_of_projects_the_commands_speak_of_the_demo_or_refuse(stranger: Stranger) -> None:
    assert "init my_platform" in stranger.refused("pipeline-platform build")
    assert "none in this folder" in stranger.does("pipeline-platform doctor --format csv")
    stranger.does("mkdir data")
    assert "'flights'" in stranger.refused("pipeline-platform replay flihgts")
    stranger.does("pipeline-platform init shop && cd shop")
    assert "among those of your project" in stranger.refused("pipeline-platform demo")


@pytest.mark.parametrize("after_s", [0.0, 0.25, 0.45])
def test_an_interrupted_build_is_quiet_and_goes_on(stranger: Stranger, after_s: float) -> None:
    stranger.does("pipeline-platform init shop && cd shop")
    stranger.does("dg scaffold defs pipeline_platform.components.Model sales/alone")
    process = subprocess.Popen(
        [str(Path(sys.executable).parent / "pipeline-platform"), "build"],
        cwd=stranger.here,
        env=stranger.environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    for line in process.stderr:
        if "records" in line:
            time.sleep(after_s)
            os.kill(process.pid, signal.SIGINT)
            break
    assert process.stderr.read().strip() == ""
    process.stderr.close()
    assert process.wait() == 130
    assert "mart.alone,2" in stranger.does("pipeline-platform build --format csv")
