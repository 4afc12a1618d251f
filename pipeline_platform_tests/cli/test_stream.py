"""The command `stream` as a process: once, until it is told to stop, and held by another."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from pipeline_platform_tests.cli.command import command, started

RUN = ("stream", "weather", "--no-dagster", "--every", "0.5")


def land(home: Path, name: str) -> None:
    """One object that holds one broken row."""
    folder = home / "landing" / "weather"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f".{name}").write_text("{\n")
    (folder / f".{name}").rename(folder / name)


def test_once_takes_what_is_there_and_ends(tmp_path: Path) -> None:
    land(tmp_path, "one.ndjson")
    done = command(tmp_path, *RUN, "--once")
    assert (done.returncode, done.stdout) == (0, "")
    assert "weather: " in done.stderr and "1 rows" in done.stderr
    assert done.stderr.endswith("Done.\n")
    admitted = command(tmp_path, "admit", "weather", "--format", "csv")
    assert admitted.stdout.splitlines()[1].startswith("weather,0,")


def test_an_unknown_stream_is_named(tmp_path: Path) -> None:
    done = command(tmp_path, "stream", "wether", "--once")
    assert done.returncode == 1
    assert "did you mean 'weather'?" in done.stderr


@contextmanager
def running(home: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """The running command, ended in any case."""
    process = started(home, *arguments)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def said(process: subprocess.Popen[str], text: str) -> bool:
    """Whether it says `text` before it ends."""
    assert process.stderr is not None
    return any(text in line for line in process.stderr)


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_told_and_others_are_told_who_holds_the_stream(
    tmp_path: Path, how: signal.Signals
) -> None:
    with running(tmp_path, *RUN) as first, ExitStack() as stack:
        assert said(first, "no commit yet")
        land(tmp_path, "one.ndjson")
        assert said(first, "last commit")
        refused = command(tmp_path, *RUN, "--once")
        assert refused.returncode == 1
        assert f"process {first.pid} on " in refused.stderr
        left = command(tmp_path, *RUN, "--once", "--held", "skip")
        assert (left.returncode, "left out" in left.stderr) == (0, True)
        waiting = stack.enter_context(running(tmp_path, *RUN, "--once", "--held", "wait"))
        assert said(waiting, "waiting for it")
        first.send_signal(how)
        assert said(first, "Stopped; all that was begun is committed.")
        assert first.wait(60) == 0
        assert said(waiting, "Done.")
        assert waiting.wait(60) == 0
