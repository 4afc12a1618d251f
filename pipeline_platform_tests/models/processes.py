"""Builds in processes of their own, to be measured or killed.

`python -m pipeline_platform_tests.models.processes memory ROOT DAYS ROWS_PER_DAY` prints
the growth of resident memory in MB; `... stall ROOT FILES` builds, touches FILES when all
rows are staged, and waits there.
"""

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipeline_platform.contracts.models import Model, Partitioning, TableColumn
from pipeline_platform.contracts.names import TableName
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.engine.sail import SailEngine
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.table import LakeTable
from pipeline_platform.models.build import build
from pipeline_platform.settings import prepare_process
from pipeline_platform_tests.models.tables import SHOP_DAY, START, day


def generated(days: int, per_day: int) -> Model:
    """A model of `days * per_day` rows that come in any order of days."""
    return Model(
        table=TableName("mart", "generated"),
        columns=(
            TableColumn("made_on", "date", nullable=False),
            TableColumn("id", "bigint", nullable=False),
            TableColumn("word", "string"),
        ),
        inputs={},
        sql=f"SELECT date_add(:start, CAST(id % {days} AS int)) AS made_on, id, "
        f"sha2(CAST(id AS string), 256) AS word FROM range({days * per_day}) WHERE :end > :start",
        partitioning=Partitioning("made_on", START),
    )


def _peak() -> float:
    status = Path("/proc/self/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 1024


def memory(root: str, days: str, per_day: str) -> None:
    lake, engine = Lake(root), SailEngine()
    build(generated(1, 100), DayWindow(START, day(1)), engine=engine, lake=lake)
    before = _peak()
    model = generated(int(days), int(per_day))
    built = build(model, DayWindow(START, day(int(days))), engine=engine, lake=lake)
    print(built.rows, len(built.rows_by_day), round(_peak() - before))


def stall(root: str, signal: str) -> None:
    def replace(self: LakeTable, files: Sequence[Any], **_: Any) -> Any:
        Path(signal).write_text("\n".join(file.path for file in files))
        time.sleep(60)

    LakeTable.replace = replace  # type: ignore[method-assign, assignment]
    build(SHOP_DAY, DayWindow(START, day(4)), engine=SailEngine(), lake=Lake(root))


if __name__ == "__main__":
    prepare_process("sail")
    {"memory": memory, "stall": stall}[sys.argv[1]](*sys.argv[2:])
