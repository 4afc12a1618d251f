"""Sail lent by another process: the loans, the replacing, and ends of either process."""

import gc
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pyarrow as pa
import pytest

from pipeline_platform.engine.lasting import LastingSail
from pipeline_platform.errors import SourceUnavailable
from pipeline_platform.settings import prepare_process

AT_ONCE, SOON = 1, 150  # megabytes; a server that has answered nothing holds about a hundred


@pytest.fixture
def lender(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LastingSail]:
    """Its servers are replaced as soon as they hold so many megabytes, however young."""
    prepare_process("sail")
    monkeypatch.setattr("pipeline_platform.engine.lasting._LEAST_AGE_S", 0.0)
    made = LastingSail(getattr(request, "param", 1024))
    yield made
    made.close()


replaced_at_once = pytest.mark.parametrize("lender", [AT_ONCE], indirect=True)


def ask(lender: LastingSail, number: int = 1) -> tuple[int, int]:
    """Which process answers, and its answer."""
    with lender.lent() as engine:
        answer = engine.collect(engine.sql(f"SELECT {number} AS n")).to_pylist()
        return engine.process, answer[0]["n"]


def wait_for(done: Callable[[], bool], seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until
        time.sleep(0.05)


def ended(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("lender", [SOON], indirect=True)
def test_one_server_serves_until_it_has_grown(lender: LastingSail) -> None:
    first, _ = ask(lender)
    assert ask(lender, 7) == (first, 7)
    seen = {first}
    until = time.monotonic() + 100
    while len(seen) < 3 and time.monotonic() < until:
        process, number = ask(lender, 5)
        assert number == 5
        seen.add(process)
    assert len(seen) == 3
    wait_for(lambda: ended(first))


@replaced_at_once
def test_what_is_lent_keeps_its_session_and_its_views(lender: LastingSail) -> None:
    with lender.lent() as engine:
        engine.frame("given", pa.table({"x": [1, 2]}))
        first = engine.process
        wait_for(lambda: ask(lender)[0] != first)
        assert engine.collect(engine.sql("SELECT sum(x) AS s FROM given")).to_pylist() == [{"s": 3}]
        assert not ended(first)
    wait_for(lambda: ended(first))


@replaced_at_once
def test_work_that_needs_much_at_once_does_not_replace_every_server(
    lender: LastingSail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline_platform.engine.lasting._LEAST_AGE_S", 3600.0)
    first, _ = ask(lender)
    with lender.lent() as engine:
        wait_for(lambda: ask(lender) == (first, 1) and engine.grown.is_set())
    assert ask(lender)[0] == first


def test_a_killed_server_fails_what_it_runs_and_another_takes_its_place(
    lender: LastingSail,
) -> None:
    killed, _ = ask(lender)
    with pytest.raises(SourceUnavailable, match="does not answer"), lender.lent() as engine:
        os.kill(engine.process, signal.SIGKILL)
        engine.collect(engine.sql("SELECT 1"))
    assert ask(lender)[0] != killed


def test_a_source_that_is_away_is_no_fault_of_the_server(lender: LastingSail) -> None:
    first, _ = ask(lender)
    with pytest.raises(SourceUnavailable, match="planes"), lender.lent():
        raise SourceUnavailable("planes are not there yet")
    assert ask(lender)[0] == first


def test_close_ends_the_server_and_the_next_loan_starts_another(lender: LastingSail) -> None:
    first, _ = ask(lender)
    lender.close()
    assert ended(first)
    assert ask(lender, 3)[1] == 3


def test_a_lender_that_is_forgotten_leaves_no_process() -> None:
    prepare_process("sail")
    process, _ = ask(LastingSail())
    gc.collect()
    assert ended(process)


def test_a_server_ends_with_the_process_that_started_it() -> None:
    code = (
        "import os, signal\n"
        "from pipeline_platform.engine.lasting import LastingSail\n"
        "from pipeline_platform.settings import prepare_process\n"
        "prepare_process('sail')\n"
        "with LastingSail().lent() as engine:\n"
        "    print(engine.process, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == -signal.SIGKILL, done.stderr
    wait_for(lambda: ended(int(done.stdout)))


def test_a_server_that_cannot_start_says_so(
    lender: LastingSail, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("pipeline_platform.engine.lasting._SERVER", "pipeline_platform.nosuch")
    with pytest.raises(SourceUnavailable, match="could not start") as caught:
        ask(lender)
    assert caught.value.remedy
    assert "nosuch" in capfd.readouterr().err


def test_its_answers_are_those_of_sail(lender: LastingSail) -> None:
    text = "SELECT id % 3 AS k, CAST(sum(id) AS decimal(20,2)) AS s FROM range(10) GROUP BY id % 3"
    with lender.lent() as engine:
        assert engine.name == "sail"
        rows = engine.collect(engine.sql(text)).sort_by("k").to_pylist()
    assert [int(row["s"]) for row in rows] == [18, 12, 15]


def test_a_process_that_ends_with_a_loan_says_nothing() -> None:
    code = (
        "import logging\n"
        "from pipeline_platform.engine.lasting import LastingSail\n"
        "from pipeline_platform.settings import prepare_process\n"
        "prepare_process('sail')\n"
        "logging.basicConfig(level=logging.DEBUG)\n"
        "lender = LastingSail()\n"
        "with lender.lent() as engine:\n"
        "    print(engine.collect(engine.sql('SELECT 7 AS n')).to_pylist(), flush=True)\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True)
    assert (done.returncode, done.stdout) == (0, b"[{'n': 7}]\n")
    assert b"GRPC" not in done.stderr
