"""Dagster's own commands are content with a project built on the platform."""

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline_platform_tests.components.shop import REPOSITORY, call, copy_shop

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shop, somewhere else."""
    return copy_shop(tmp_path_factory.mktemp("commands"))


def test_dg_checks_yaml_and_definitions(project: Path, home: Path) -> None:
    for what in ("yaml", "defs"):
        done = call(project, home, "dg", "check", what)
        assert done.returncode == 0, done.stdout + done.stderr


def test_dg_check_yaml_points_at_a_wrong_literal(tmp_path: Path, home: Path) -> None:
    project = copy_shop(tmp_path)
    yaml = project / "shop" / "defs" / "sales" / "orders" / "defs.yaml"
    yaml.write_text(yaml.read_text().replace("format: ndjson", "format: xml"))
    done = call(project, home, "dg", "check", "yaml", "shop/defs/sales/orders")
    assert done.returncode != 0, "dg itself looks at one file per type unless a path is given"
    assert "defs.yaml:9" in done.stdout and "'xml' is not one of" in done.stdout


def test_dg_lists_our_components(project: Path, home: Path) -> None:
    done = call(
        project, home, "dg", "list", "components", "--package", "pipeline_platform", "--json"
    )
    assert done.returncode == 0, done.stderr
    keys = ["pipeline_platform.components.Model", "pipeline_platform.components.Stream"]
    assert all(key in done.stdout for key in keys)


def test_what_dg_scaffolds_loads_as_it_stands(tmp_path: Path, home: Path) -> None:
    project = copy_shop(tmp_path)
    for kind, where in (("Stream", "web/clicks"), ("Model", "web/answer"), ("View", "web/pace")):
        name = f"pipeline_platform.components.{kind}"
        done = call(project, home, "dg", "scaffold", "defs", name, where)
        assert done.returncode == 0, done.stdout + done.stderr
    done = call(project, home, "dg", "list", "defs", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    for key in (
        "raw/clicks",
        "serving/clicks",
        "mart/answer",
        "serving/pace",
        "serving/pace__batch",
    ):
        assert key in done.stdout


def test_definitions_load_light(home: Path) -> None:
    """At most a second of the processor beyond `import dagster`, and nothing heavy."""
    code = """
import dagster, sys, time
begun = time.process_time()
from pipeline_platform.definitions import defs
defs().get_repository_def()
heavy = "pyspark pandas boto3 polars pyarrow deltalake pysail numpy".split()
print(time.process_time() - begun, *[name for name in heavy if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    seconds, *heavy = done.stdout.split()
    assert not heavy
    assert float(seconds) < 1.0


def test_repository_names_its_location_once(home: Path) -> None:
    import tomllib

    import yaml

    place = yaml.safe_load((REPOSITORY / "workspace.yaml").read_text())["load_from"][0]
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["dg"]["project"]
    assert place["python_module"]["location_name"] == project["code_location_name"]
