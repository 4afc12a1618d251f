"""What the command prints, and its exit status, before there is any data."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline_platform.cli import main
from pipeline_platform.cli.app import _COMMANDS
from pipeline_platform.cli.doctor import examine
from pipeline_platform.cli.output import print_rows
from pipeline_platform_tests.cli.command import command

COLUMNS = ["n", "text", "at", "nested"]
ROWS = [
    (1, "[b]x[/b]", datetime(2013, 1, 1, 5, tzinfo=UTC), [1, {"a": None}]),
    (None, 'say "hi"', date(2013, 1, 2), Decimal("1.50")),
]


def test_help_lists_the_commands(tmp_path: Path) -> None:
    found = command(tmp_path, "--help")
    assert found.returncode == 0
    for name in ("init", "build", "demo", "query", "admit", "verify", "replay", "doctor"):
        assert f"\n  {name} " in found.stdout


def test_help_imports_nothing_heavy(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pipeline_platform.cli import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "print(sorted({'dagster', 'polars', 'pyarrow', 'pyspark', 'rich'} & set(sys.modules)))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip().endswith("[]")


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["nonsense"], 2, "No such command 'nonsense'. Known: init, build"),
        (["buidl"], 2, "Did you mean 'build'?"),
        (["build", "mart.airport_dya"], 1, "did you mean 'mart.airport_day'?"),
        (["--project", "pipeline_platform", "build"], 1, "there is no dg project in this folder"),
        (["query"], 2, "Missing argument"),
        (["query", "SELECT 1", "--format", "xml"], 2, "xml"),
        (["query", "SELECT * FROM mart.nothing"], 1, "unknown table 'mart.nothing'"),
        (["query", "DELETE FROM mart.nothing"], 1, "What to do:"),
        (["admit", "flihgts"], 1, "did you mean 'flights'?"),
        (["replay", "weather", "--reason", "rules"], 1, "did you mean 'rule'?"),
    ],
)
def test_errors_are_told_without_a_traceback(
    tmp_path: Path, arguments: list[str], status: int, said: str
) -> None:
    found = command(tmp_path, *arguments)
    assert found.returncode == status, found.stderr
    assert said in found.stderr
    assert "Traceback" not in found.stderr
    assert found.stdout == ""


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    found = command(tmp_path, "--debug", "admit", "flihgts")
    assert found.returncode == 1
    assert "Traceback" in found.stderr


def test_an_unknown_profile_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIPELINE_PLATFORM_PROFILE", "locl")
    with pytest.raises(SystemExit) as stopped:
        main(["doctor"])
    assert stopped.value.code == 1
    assert [f.state for f in examine()][-1] == "broken"


def test_json_is_one_array_with_a_row_per_line(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(COLUMNS, ROWS, "json")
    printed = capsys.readouterr().out
    assert printed.count("\n") == len(ROWS)
    assert json.loads(printed) == [
        {"n": 1, "text": "[b]x[/b]", "at": "2013-01-01T05:00:00Z", "nested": [1, {"a": None}]},
        {"n": None, "text": 'say "hi"', "at": "2013-01-02", "nested": "1.50"},
    ]
    print_rows(COLUMNS, [], "json")
    assert json.loads(capsys.readouterr().out) == []


def test_csv_quotes_and_leaves_null_empty(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(COLUMNS, ROWS, "csv")
    assert capsys.readouterr().out.splitlines() == [
        "n,text,at,nested",
        '1,[b]x[/b],2013-01-01T05:00:00Z,"[1,{""a"":null}]"',
        ',"say ""hi""",2013-01-02,1.50',
    ]


def test_a_table_shows_text_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(COLUMNS, ROWS, "table")
    printed = capsys.readouterr().out
    assert "[b]x[/b]" in printed
    assert "NULL" in printed
    print_rows(COLUMNS, [("x" * 500, "", None, None)], "table")
    assert "x" * 500 in capsys.readouterr().out


def test_doctor_finds_a_fresh_home_healthy(tmp_path: Path) -> None:
    found = command(tmp_path, "doctor", "--format", "json")
    assert found.returncode == 0, found.stderr
    findings = {row["what"]: row for row in json.loads(found.stdout)}
    assert findings["engine"]["state"] == "ok"
    assert findings["stream flights"]["found"].startswith("0 objects wait")
    assert findings["PIPELINE_PLATFORM_HOME"]["found"] == str(tmp_path)


@pytest.mark.parametrize("name", [*_COMMANDS])
def test_every_command_explains_itself(tmp_path: Path, name: str) -> None:
    found = command(tmp_path, name, "--help")
    assert found.returncode == 0
    assert len(found.stdout.split("Options:")[0].split()) > 12


def test_a_reader_that_leaves_and_an_interrupt_are_quiet(tmp_path: Path) -> None:
    say = "from pipeline_platform.cli import main; import click\n"
    for raised, status in (("BrokenPipeError(32, '')", 141), ("KeyboardInterrupt()", 130)):
        code = (
            f"{say}from pipeline_platform.cli import doctor\n"
            f"def examine(): raise {raised}\n"
            "doctor.examine = examine\nmain(['doctor'])"
        )
        found = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
        assert found.returncode == status, found.stderr
        assert found.stderr.strip() == ""
