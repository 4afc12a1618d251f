"""The protocol beside the answers: parameters, views, streams, errors, start and end."""

import subprocess
import sys
import threading
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from pipeline_platform.engine.capabilities import FEATURES, missing, require
from pipeline_platform.engine.connect import ConnectEngine
from pipeline_platform.engine.engine import Engine
from pipeline_platform.engine.failures import plain
from pipeline_platform.engine.sail import SailEngine
from pipeline_platform.errors import (
    Abort,
    CapabilityMissing,
    SourceUnavailable,
    StatementFailed,
    UnknownName,
)
from pipeline_platform_tests.engine.answers import start
from pipeline_platform_tests.engine.frames import FRAMES


@pytest.fixture(scope="module", params=["sail", "connect"])
def engine(request: pytest.FixtureRequest) -> Engine:
    return start(request.param)


def _rows(engine: Engine, text: str, **parameters: object) -> list[dict[str, object]]:
    return engine.collect(engine.sql(text, parameters or None)).to_pylist()  # type: ignore[arg-type]


def test_parameters_are_values_not_text(engine: Engine) -> None:
    found = _rows(engine, "SELECT :d AS d, :s AS s", d=date(2013, 1, 2), s='it\'s \\ :d "x" --')
    assert found == [{"d": date(2013, 1, 2), "s": 'it\'s \\ :d "x" --'}]


def test_a_view_is_private_to_its_name_and_can_be_dropped(engine: Engine) -> None:
    engine.frame("held", pa.table({"x": [1]}))
    assert engine.collect(engine.view("held")).to_pylist() == [{"x": 1}]
    engine.drop("held")
    engine.drop("held")
    with pytest.raises(StatementFailed, match="unknown table 'held'"):
        _rows(engine, "SELECT * FROM held")


def test_an_empty_result_keeps_its_schema(engine: Engine) -> None:
    frame = engine.sql("SELECT 1L AS a, CAST('x' AS string) AS b WHERE false")
    assert engine.collect(frame).schema.names == ["a", "b"]
    assert engine.schema(frame).field("a").type == pa.int64()
    assert engine.types(frame) == [("a", "bigint"), ("b", "string")]


def test_batches_stream_every_row_once(engine: Engine) -> None:
    batches = list(engine.batches(engine.sql("SELECT id FROM range(50000)")))
    assert len(batches) > 1
    assert sorted(v for b in batches for v in b.column(0).to_pylist()) == list(range(50000))


def test_a_stream_that_is_left_early_does_not_harm_the_next(engine: Engine) -> None:
    stream = engine.batches(engine.sql("SELECT id FROM range(1000000)"))
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert _rows(engine, "SELECT count(*) AS n FROM range(10)") == [{"n": 10}]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("SELECT nosuch FROM range(1)", "unknown column 'nosuch'"),
        ("SELECT * FROM nosuch", "unknown table 'nosuch'"),
        ("SELECT nosuch(id) FROM range(1)", "unknown function"),
        ("SELEC 1", "found SELEC"),
        ("SELECT CAST('x' AS int) AS c", "cast"),
        ("SELECT 1 / (id - id) AS x FROM range(1)", "by zero"),
        ("SELECT raise_error('boom') AS x", "boom"),
    ],
)
def test_failures_name_the_place_and_the_reason(engine: Engine, text: str, reason: str) -> None:
    with pytest.raises(StatementFailed) as caught:
        engine.collect(engine.sql(text, where="mart.x"), where="mart.x")
    error = caught.value
    assert error.where == "mart.x"
    assert reason.lower() in error.known.lower()
    assert error.remedy
    assert "\n" not in error.known


def test_a_gap_is_told_as_one(engine: Engine) -> None:
    if engine.name == "sail":
        with pytest.raises(CapabilityMissing, match="no session windows"):
            _rows(engine, FEATURES["session_window"].probe)


def test_threads_share_one_session(engine: Engine) -> None:
    sessions, answers = set(), []

    def work(number: int) -> None:
        sessions.add(id(engine.session()))
        answers.append(_rows(engine, f"SELECT {number} AS n")[0]["n"])

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sessions) == 1
    assert sorted(answers) == list(range(8))


def test_sail_starts_again_after_close() -> None:
    code = (
        "from pipeline_platform_tests.engine.answers import start\n"
        "engine = start('sail')\n"
        "for n in range(2):\n"
        "    rows = engine.collect(engine.sql(f'SELECT {n} AS n')).to_pylist()\n"
        "    assert rows == [{'n': n}], rows\n"
        "    engine.close()\n"
        "engine.session()\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_an_error_is_raised_and_not_logged_too() -> None:
    code = (
        "import logging.config\n"
        "from pipeline_platform.errors import StatementFailed\n"
        "from pipeline_platform_tests.engine.answers import start\n"
        "engine = start('sail')\n"
        "engine.session()\n"
        "logging.config.dictConfig({'version': 1, 'disable_existing_loggers': False})\n"
        "try:\n    engine.collect(engine.sql('SELECT 1 / (id - id) AS x FROM range(1)'))\n"
        "except StatementFailed:\n    print('raised')\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True)
    assert (done.stdout, done.stderr) == (b"raised\n", b"")


def test_a_process_must_be_marked_before_it_connects() -> None:
    code = (
        "from pipeline_platform.engine.sail import SailEngine\n"
        "from pipeline_platform.errors import Abort\n"
        "try:\n    SailEngine().session()\n"
        "except Abort as error:\n    print(error.remedy)\n"
    )
    environment = {"PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    assert "prepare_process" in done.stdout, done.stderr


def test_an_endpoint_that_is_away_is_told_at_once() -> None:
    with pytest.raises(SourceUnavailable, match="does not answer"):
        ConnectEngine("sc://127.0.0.1:9").session()


def test_classic_spark_refuses_a_process_of_connect() -> None:
    start("sail")
    with pytest.raises(Abort, match="client of Spark Connect"):
        from pipeline_platform.engine.spark import SparkEngine

        SparkEngine().session()


def test_without_java_spark_says_what_to_do(tmp_path: Path) -> None:
    code = (
        "from pipeline_platform.engine.spark import SparkEngine\n"
        "from pipeline_platform.errors import CapabilityMissing\n"
        "try:\n    SparkEngine().session()\n"
        "except CapabilityMissing as error:\n    print(error.remedy)\n"
    )
    for tool in ("bash", "dirname", "env", "python3"):
        found = next(p for d in ("/bin", "/usr/bin") if (p := Path(d, tool)).exists())
        (tmp_path / tool).symlink_to(found)
    environment = {"PATH": str(tmp_path), "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    assert "install Java 17 or 21" in done.stdout, done.stderr


def test_capabilities_answer_by_name() -> None:
    assert missing("sail", "kll_sketches")
    assert missing("spark", "kll_sketches") is None
    require("spark", "session_window")
    with pytest.raises(CapabilityMissing, match="run it on spark or connect"):
        require("sail", "session_window", where="mart.x")
    with pytest.raises(UnknownName, match="session_window"):
        missing("sail", "session_windows")


def test_messages_lose_the_stack() -> None:
    assert plain("boom\n\nJVM stacktrace:\n at x") == "boom"
    assert plain("[DIVIDE_BY_ZERO] no.\n== SQL ==\nselect") == "[DIVIDE_BY_ZERO] no."


def test_frames_come_back_as_they_went_in() -> None:
    engine = SailEngine()
    start("sail")
    engine.frame("given", FRAMES["events"])
    back = engine.collect(engine.view("given"))
    engine.drop("given")
    assert back.schema.types == FRAMES["events"].schema.types
    assert back.num_rows == FRAMES["events"].num_rows
