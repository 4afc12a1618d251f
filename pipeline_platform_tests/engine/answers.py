"""Asks one engine in a process of its own; classic Spark and Connect never share one.

`python -m pipeline_platform_tests.engine.answers spark` records the golden answers anew.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather as feather

from pipeline_platform.engine.connect import ConnectEngine
from pipeline_platform.engine.engine import Engine, Parameter
from pipeline_platform.engine.sail import SailEngine
from pipeline_platform.engine.spark import SparkEngine
from pipeline_platform.errors import PlatformError
from pipeline_platform.settings import prepare_process

_SMALL = {
    "spark.sql.shuffle.partitions": "1",
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}
GOLDEN = Path(__file__).with_name("answers.json")


@dataclass(frozen=True)
class Answer:
    """Types in Spark's words and rows in a fixed order, or the kind of error."""

    types: list[list[str]]
    rows: list[list[Any]]
    error: str = ""


def start(name: str) -> Engine:
    """The engine of this name; `connect` speaks to Sail's server as to a foreign one."""
    prepare_process(name)
    if name == "spark":
        return SparkEngine("local[1]", _SMALL)
    sail = SailEngine()
    if name == "sail":
        return sail
    session: Any = sail.session()
    return ConnectEngine(f"sc://{session.client._builder.endpoint}")


def java() -> bool:
    """Whether classic Spark finds a Java to start."""
    return bool(os.environ.get("JAVA_HOME") or shutil.which("java"))


def ask(
    engine: Engine,
    frames: Mapping[str, pa.Table],
    statements: Mapping[str, str],
    parameters: Mapping[str, Parameter] | None = None,
) -> dict[str, Answer]:
    """The answers over `frames`, which are views of these names meanwhile."""
    for name, rows in frames.items():
        engine.frame(name, rows)
    found = {name: _answer(engine, text, parameters) for name, text in statements.items()}
    for name in frames:
        engine.drop(name)
    return found


def ask_elsewhere(
    name: str,
    frames: Mapping[str, pa.Table],
    statements: Mapping[str, str],
    parameters: Mapping[str, date] | None = None,
) -> dict[str, Answer]:
    """As `ask`, by the engine `name` in a process of its own; parameters are dates."""
    with tempfile.TemporaryDirectory() as folder:
        for frame, rows in frames.items():
            feather.write_feather(rows, f"{folder}/{frame}.arrow", compression="uncompressed")
        dates = {key: day.isoformat() for key, day in (parameters or {}).items()}
        Path(folder, "asked.json").write_text(json.dumps([dict(statements), dates]))
        command = [sys.executable, "-m", __name__, name, folder]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise AssertionError(done.stderr[-4000:])
        return read(Path(folder, "answers.json"))


def read(path: Path) -> dict[str, Answer]:
    """Answers that `write` wrote."""
    return {name: Answer(**value) for name, value in json.loads(path.read_text()).items()}


def write(path: Path, answers: Mapping[str, Answer]) -> None:
    """One answer per line, for a reader's sake."""
    lines = [f"{json.dumps(k)}: {json.dumps(asdict(v))}" for k, v in answers.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def _answer(engine: Engine, text: str, parameters: Mapping[str, Parameter] | None) -> Answer:
    try:
        frame = engine.sql(text, parameters)
        types = [list(pair) for pair in engine.types(frame)]
        table = engine.collect(frame)
    except PlatformError as error:
        return Answer([], [], type(error).__name__)
    rows = [[_plain(value) for value in row.values()] for row in table.to_pylist()]
    return Answer(types, sorted(rows, key=json.dumps))


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return f"{value:.12g}"
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


def main(name: str, folder: str = "") -> None:
    """Answer what `folder` holds, or record the golden answers."""
    from pipeline_platform_tests.engine.frames import FRAMES
    from pipeline_platform_tests.engine.probes import GAPS, PROBES

    if not folder:
        write(GOLDEN, ask(start(name), FRAMES, {**PROBES, **GAPS}))
        return
    statements, dates = json.loads(Path(folder, "asked.json").read_text())
    frames = {p.stem: feather.read_table(p) for p in Path(folder).glob("*.arrow")}
    parameters = {key: date.fromisoformat(day) for key, day in dates.items()}
    write(Path(folder, "answers.json"), ask(start(name), frames, statements, parameters))


if __name__ == "__main__":
    main(*sys.argv[1:])
