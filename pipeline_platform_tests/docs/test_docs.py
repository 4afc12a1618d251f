"""The docs tell the truth: trees, fields, examples and commands are tried."""

import re
import sqlite3
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from pipeline_platform.cli.app import _COMMANDS
from pipeline_platform.contracts.names import TableName
from pipeline_platform.contracts.verdicts import Reason
from pipeline_platform.declarations.folder import read, read_below
from pipeline_platform.declarations.model_attributes import ModelAttributes
from pipeline_platform.declarations.places import Place
from pipeline_platform.declarations.resolution import Part, resolve
from pipeline_platform.declarations.stream_attributes import StreamAttributes
from pipeline_platform.declarations.table_attributes import OperationalTableAttributes
from pipeline_platform.ingest.admission import Admission
from pipeline_platform.lake.catalog import load
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.schema import arrow_schema
from pipeline_platform.ports.local.database import SqlDatabase
from pipeline_platform.ports.local.object_store import FolderStore
from pipeline_platform.settings import VARIABLES
from pipeline_platform.snapshots.snapshots import Snapshots
from pipeline_platform_tests.docs import fields

ROOT = Path(__file__).parents[2]
DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
OWN_DEFS = ROOT / "pipeline_platform" / "defs"
NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)


def text(name: str) -> str:
    return (ROOT / name).read_text()


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text(name), re.DOTALL)


def tree(indent: str, block: str) -> set[str]:
    found = re.findall(rf"^{indent}(\S+?)/?(?:\s|$)", block, re.MULTILINE)
    return set(found)


def tracked(folder: str = "") -> set[str]:
    listed = subprocess.run(
        ["git", "ls-files", folder or "."], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    return {Path(path).relative_to(folder).parts[0] for path in listed}


def test_the_readme_shows_the_tree_on_disk() -> None:
    (shown,) = re.findall(r"```\n(\.ci/.*?)```", text("README.md"), re.DOTALL)
    assert tree("", shown) == tracked()
    assert tree("    ", shown) == tracked("pipeline_platform") - {"__init__.py"}


@pytest.mark.parametrize("page", fields.PAGES)
def test_the_fields_are_those_of_the_models(page: str) -> None:
    """Print them with `python -m pipeline_platform_tests.docs.fields`."""
    assert fields.tables(fields.PAGES[page]) in text(f"docs/{page}.md")


def test_every_reason_command_and_setting_appears() -> None:
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", text("docs/streams.md"), re.MULTILINE)
    explained = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert {reason.value for reason in Reason} <= explained
    everything = "".join(path.read_text() for path in DOCS)
    for name, meaning in VARIABLES.items():
        assert f"| `{name}` | {meaning} |" in everything
    for command in _COMMANDS:
        assert re.search(rf"(pipeline-platform|run) {command}\b", everything), command


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.name)
def test_links_and_named_files_exist(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
        assert (path.parent / target).exists(), target
    for named in re.findall(r"`(pipeline_platform_tests/[\w/.]+)`", path.read_text()):
        assert (ROOT / named).exists(), named


def example(declared: str) -> Part:
    name = declared.split("/", 3)[2] if declared.startswith("#") else "orders"
    found = yaml.safe_load(declared)
    assert found["type"] == "pipeline_platform.components.Stream"
    attributes = StreamAttributes.model_validate(found["attributes"])
    return Part(attributes, name, Place(ROOT / name, ROOT))


@pytest.mark.parametrize(
    ("number", "language", "accepted", "duplicates", "reasons"),
    [
        (0, "json", 1, 1, ["rule", "wrong_type"]),
        (1, "csv", 2, 0, ["wrong_type"]),
        (2, "text", 2, 0, ["malformed"]),
    ],
)
def test_the_example_streams_do_what_is_said(
    tmp_path: Path, number: int, language: str, accepted: int, duplicates: int, reasons: list[str]
) -> None:
    declared = example(blocks("docs/streams.md", "yaml")[number])
    contract = resolve([declared]).streams[declared.name].contract
    store, lake = FolderStore(tmp_path / "landing"), Lake(tmp_path / "lake")
    (landed,) = blocks("docs/streams.md", language)
    store.put(f"{contract.landing.prefix}one.{language}", landed.encode())
    report = Admission(contract, store=store, lake=lake, clock=lambda: NOON).run()
    assert (report.accounting.accepted, report.accounting.duplicates) == (accepted, duplicates)
    refused = load(lake, str(contract.refused), as_="polars")
    assert refused.sort("_row")["reason"].to_list() == reasons


def test_the_readme_and_the_docs_declare_the_same_orders() -> None:
    assert resolve([example(blocks("README.md", "yaml")[0])]).streams["orders"].contract.event_id


def test_the_example_model_reads_the_example_stream() -> None:
    model = yaml.safe_load(blocks("docs/models.md", "yaml")[0])["attributes"]
    (sql,) = blocks("docs/models.md", "sql")
    assert sql.startswith("-- defs/shop/revenue_day/model.sql")
    stream = example(blocks("docs/streams.md", "yaml")[0])
    folder = ROOT / "pipeline_platform_tests" / "docs" / "revenue_day"
    place = Place(folder, ROOT)
    assert (folder / "model.sql").read_text() == sql
    attributes = ModelAttributes.model_validate(model)
    found = resolve([stream, Part(attributes, "revenue_day", place)])
    made = found.models["mart.revenue_day"].model
    assert [column.name for column in made.columns] == ["local_day", "revenue"]
    assert made.inputs == {"serving.orders": (1, 0)}


def test_the_example_table_is_read_as_the_docs_say(tmp_path: Path) -> None:
    attributes = OperationalTableAttributes.model_validate(
        yaml.safe_load(blocks("docs/tables.md", "yaml")[0])["attributes"]
    )
    contract = (
        resolve([Part(attributes, "customers", Place(ROOT, ROOT))])
        .source_tables["customers"]
        .contract
    )
    with sqlite3.connect(tmp_path / "shop.sqlite") as source:
        source.execute("CREATE TABLE accounts (id INTEGER PRIMARY KEY, email TEXT, town TEXT)")
        source.execute("INSERT INTO accounts VALUES (7, 'ana@example.org', 'Vienna')")
    source.close()
    snapshots = Snapshots(
        contract,
        database=SqlDatabase(f"sqlite:///{tmp_path}/shop.sqlite"),
        store=FolderStore(tmp_path / "landing"),
        lake=Lake(tmp_path / "lake"),
        clock=lambda: NOON,
    )
    assert snapshots.take().rows == 1
    snapshots.fold()
    (row,) = load(Lake(tmp_path / "lake"), "serving.customers__history", as_="polars").to_dicts()
    assert (row["customer_id"], row["town"]) == (7, "Vienna")
    assert row["valid_from"] == datetime(1900, 1, 1, tzinfo=UTC) and row["valid_to"] is None
    assert list((tmp_path / "landing" / "snapshots" / "customers").rglob("*.parquet"))


def test_the_example_features_are_declared_as_the_docs_say(tmp_path: Path) -> None:
    (written,) = blocks("docs/features.md", "yaml")
    folder = tmp_path / "flight_weather"
    folder.mkdir()
    (folder / "defs.yaml").write_text(written)
    parts = [part for part in read_below(OWN_DEFS) if part.name != "flight_weather"]
    found = resolve([*parts, *read(folder)]).feature_sets["feature.flight_weather"].feature_set
    assert found.features == ("temp", "gusts", "departures_7d", "mean_delay_7d")
    assert found.inputs == {"warehouse.fact_flight": (9, 1), "serving.weather": (3, 0)}


def test_training_sets_are_taken_and_given_again_as_the_docs_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIPELINE_PLATFORM_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    schema = arrow_schema([("flight", "int", False), ("flight_day", "date", False)])
    table = Lake(tmp_path / "home" / "lake").table(TableName("feature", "flight_delay"))
    table.ensure(schema, "flight_day")
    days = [date(2013, 2, 28), date(2013, 3, 1), date(2013, 4, 1)]
    rows = pl.DataFrame(
        {"flight": [1, 2, 3], "flight_day": days}, schema_overrides={"flight": pl.Int32}
    )
    with table.stage(table.snapshot()) as staging:
        staging.write(rows)
        table.append(staging.finish(), transaction=("docs", 1))
    taken: dict[str, Any] = {}
    for block in blocks("docs/features.md", "python"):
        exec(block, taken)
    assert taken["rows"]["flight"].tolist() == [2]
    assert Path("again.parquet").read_bytes() == Path("march.parquet").read_bytes()
