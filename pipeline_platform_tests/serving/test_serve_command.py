"""The command `serve` as a process: it answers, ends when told, and keeps its token."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from pipeline_platform.batch.change import bring_up
from pipeline_platform.engine.engine import Engine
from pipeline_platform.lake.lake import Lake
from pipeline_platform_tests.cli.command import environment
from pipeline_platform_tests.views.store import arrive, by_shop, clock

TOKEN = "0123456789abcdef-secret"


def _start(home: Path, *arguments: str, token: str = "") -> subprocess.Popen[str]:
    command = [sys.executable, "-c", "from pipeline_platform.cli import main; main()", "serve"]
    variables = {**environment(home), "PIPELINE_PLATFORM_SERVE_TOKEN": token}
    return subprocess.Popen(
        [*command, *arguments], stderr=subprocess.PIPE, text=True, env=variables, cwd=home
    )


@pytest.mark.slow
def test_it_answers_with_its_token_and_ends_when_told(
    lake: Lake, engine: Engine, tmp_path: Path
) -> None:
    arrive(lake, 0, [(1, "a", 100), (1, "a", 250)])
    bring_up(by_shop(), engine=engine, lake=lake, clock=clock)
    process = _start(tmp_path, "--host", "0.0.0.0", "--port", "0", token=TOKEN)
    assert process.stderr
    said = process.stderr.readline()
    url = re.match(r"(http://\S+) answers", said)
    assert url, said
    rows = f"{url[1].replace('0.0.0.0', '127.0.0.1')}/views/by_shop/rows?shop=a"
    assert httpx.get(rows).status_code == 401
    found = httpx.get(rows, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30)
    assert found.json()["rows"] == [{"shop": "a", "total": "3.50", "events": 2}]
    process.send_signal(signal.SIGTERM)
    _, rest = process.communicate(timeout=30)
    assert process.returncode == 0, rest
    assert TOKEN not in said + rest


_INTERRUPTED = """
import os, signal
from threading import Event
from pipeline_platform.cli.stream import until_told
from pipeline_platform.wiring import platform

stop, engine = Event(), platform().engine
with until_told(stop, engine):
    os.kill(os.getpid(), signal.SIGINT)
    assert stop.wait(10)
    Event().wait(1)
    print(engine.collect(engine.sql("SELECT 7 AS n")).to_pylist())
"""


@pytest.mark.slow
def test_the_engine_outlives_an_interrupt_so_that_what_was_begun_can_end(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _INTERRUPTED],
        capture_output=True,
        text=True,
        env=environment(tmp_path),
        timeout=60,
        check=True,
    )
    assert done.stdout.strip() == "[{'n': 7}]"


@pytest.mark.slow
def test_it_does_not_start_open(tmp_path: Path) -> None:
    process = _start(tmp_path, "--host", "0.0.0.0")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "PIPELINE_PLATFORM_SERVE_TOKEN" in said
