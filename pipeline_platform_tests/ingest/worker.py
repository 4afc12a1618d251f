"""A process that admits the stream of a folder until nothing is pending; run as a module."""

import sys
from pathlib import Path

from pipeline_platform_tests.ingest.oracle import CONTRACT
from pipeline_platform_tests.ingest.stage import Stage

if __name__ == "__main__":
    stage = Stage(Path(sys.argv[1]), CONTRACT, epoch_bytes=int(sys.argv[2]))
    print("ready", flush=True)
    report = stage.admission().run()
    print(*report.epochs, flush=True)
