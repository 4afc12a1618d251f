"""A process that takes or folds snapshots of a folder's table once told to."""

import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from pipeline_platform_tests.snapshots.stage import ITEMS, Stage

if __name__ == "__main__":
    stage = Stage(Path(sys.argv[1]), clock=lambda: datetime.now(UTC))
    table = msgspec.structs.replace(ITEMS, chunk_rows=int(sys.argv[3]))
    print("ready", flush=True)
    sys.stdin.readline()
    for step in sys.argv[2].split(","):
        snapshots = stage.snapshots(table)
        print(snapshots.take() if step == "take" else snapshots.fold(), flush=True)
