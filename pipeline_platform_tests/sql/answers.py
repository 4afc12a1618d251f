"""The answers of an engine that runs in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

CASES = Path(__file__).with_name("cases")


def lines(name: str) -> list[str]:
    """The lines of a file of cases."""
    return (CASES / name).read_text().splitlines()


def answers(
    engine: str, what: str, relation: str, expressions: Sequence[str], together: int = 1
) -> list[Any]:
    """What `engine` says of each expression: its `types` or its `rows`; None: it refuses."""
    question = {"relation": relation, "expressions": [*expressions], "together": together}
    asked = subprocess.run(
        [sys.executable, "-m", "pipeline_platform_tests.sql.ask", engine, what],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr[-2000:]
    found: list[Any] = json.loads(asked.stdout)
    return found
