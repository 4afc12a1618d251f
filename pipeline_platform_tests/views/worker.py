"""A process that folds, publishes, compacts and changes one view, a number of times."""

import random
import sys
from collections.abc import Callable
from pathlib import Path

from pipeline_platform.batch.change import bring_up
from pipeline_platform.batch.settle import settle
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.engine.sail import SailEngine
from pipeline_platform.errors import CommitConflict
from pipeline_platform.lake.lake import Lake
from pipeline_platform.settings import prepare_process
from pipeline_platform.speed.fold import fold
from pipeline_platform.views.live import require_live
from pipeline_platform.views.reading import reading
from pipeline_platform.views.states import States
from pipeline_platform_tests.views.store import by_shop, clock, day

DEFINITIONS = [by_shop(), by_shop(having="HAVING true")]
DEFINITIONS += [by_shop(where=f"WHERE amount > {least}.0") for least in range(3)]


def work(root: Path, seed: int, steps: int) -> int:
    """Do one thing after the other; how many were lost to others. A reading must never go back."""
    prepare_process("sail")
    engine, lake, chance = SailEngine(), Lake(root / "lake"), random.Random(seed)

    def compact() -> object:
        now = require_live(lake, "by_shop")
        states = States(now.view, now.generation, lake)
        return states.compact(engine, at=clock(), least_files=2)

    def publish() -> object:
        window = DayWindow.of(day(chance.randint(1, 3))) if chance.random() < 0.7 else None
        return settle(DEFINITIONS[0], window, engine=engine, lake=lake, clock=clock)

    def change() -> object:
        view = chance.choice(DEFINITIONS)
        return bring_up(view, engine=engine, lake=lake, clock=clock, most_rows=50)

    def put_in() -> object:
        most = chance.choice([1, 1000])
        return fold(DEFINITIONS[0], engine=engine, lake=lake, most_rows=most)

    kinds: list[Callable[[], object]] = [put_in] * 5 + [compact, publish, change]
    lost, seen = 0, -1
    for _ in range(steps):
        try:
            chance.choice(kinds)()
        except CommitConflict:
            lost += 1
        as_of = reading(lake, "by_shop").standing.as_of
        assert as_of >= seen, f"the view went back from {seen} to {as_of}"
        seen = as_of
    return lost


if __name__ == "__main__":
    print(work(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
