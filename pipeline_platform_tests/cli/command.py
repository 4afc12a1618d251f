"""Runs `pipeline-platform` as people do: in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]
_START = [sys.executable, "-c", "from pipeline_platform.cli import main; main()"]


def environment(home: Path) -> Mapping[str, str]:
    """The environment of a command whose data rest under `home`."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PIPELINE_", "DAGSTER_"))}
    return {**kept, "PIPELINE_PLATFORM_HOME": str(home)}


def command(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The finished command with its output as text."""
    return subprocess.run(
        [*_START, *arguments],
        cwd=ROOT,
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def started(home: Path, *arguments: str) -> subprocess.Popen[str]:
    """The running command; its standard error can be read line by line."""
    return subprocess.Popen(
        [*_START, *arguments],
        cwd=ROOT,
        env=environment(home),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
