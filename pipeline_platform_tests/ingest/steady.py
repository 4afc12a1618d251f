"""A process that lands and admits, epoch after epoch, until told to stop; run as a module."""

import random
import sys
from pathlib import Path

from pipeline_platform_tests.ingest.oracle import CONTRACT, Row, lines
from pipeline_platform_tests.ingest.stage import Stage

if __name__ == "__main__":
    root, chance, number = Path(sys.argv[1]), random.Random(3), 0
    stage = Stage(root, CONTRACT)
    admission = stage.admission()
    while not (root / "stop").exists():
        rows = [Row(f"e{chance.randrange(300)}", 1, chance.choice([1, 1, 2])) for _ in range(10)]
        stage.store.put(f"events/steady-{number:05}", lines(rows))
        admission.run()
        number += 1
