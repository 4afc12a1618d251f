"""A process that admits, folds, settles, compacts, changes and tidies until it is killed."""

import random
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.errors import CommitConflict
from pipeline_platform.lake.upkeep import Policy, plan_upkeep, run
from pipeline_platform.views.live import require_live
from pipeline_platform.views.states import States
from pipeline_platform_tests.views.oracle import STATEMENTS
from pipeline_platform_tests.views.stage import Stage, reworded, view_of

FEW = Policy(files=3)


def work(root: Path, seed: int) -> None:
    """One thing after the other, for ever; what others won is left to them."""
    stage, chance = Stage(root), random.Random(seed)
    engine = stage.platform.engine

    def name() -> str:
        return chance.choice(sorted(STATEMENTS))

    def settle() -> object:
        day = date(2026, 3, chance.randint(1, 4))
        return stage.settle(view_of(name()), chance.choice([None, DayWindow.of(day)]))

    def change() -> object:
        chosen = name()
        other = reworded(STATEMENTS[chosen])
        return stage.bring_up(view_of(chosen, sql=chance.choice([STATEMENTS[chosen], other])))

    def compact() -> object:
        now = require_live(stage.platform.lake, name())
        states = States(now.view, now.generation, stage.platform.lake)
        return states.compact(engine, least_files=2)

    def tidy() -> None:
        tables, lake = stage.admission.tables, stage.platform.lake
        own = (tables.accepted, tables.refused, tables.accounting, tables.ledger.table)
        pinned = [lake.table(name) for name in lake.names() if "__pinned_" in name.name]
        for table in (*own, *pinned):
            for step in plan_upkeep(table, datetime.now(UTC), policy=FEW):
                run(table, step)

    kinds: list[Callable[[], object]] = [
        stage.admit,
        *[lambda: stage.fold(view_of(name()))] * 3,
        settle,
        compact,
        change,
        tidy,
    ]
    for each in STATEMENTS:
        stage.bring_up(view_of(each))
    print("ready", flush=True)
    while True:
        try:
            chance.choice(kinds)()
        except CommitConflict:
            continue


if __name__ == "__main__":
    work(Path(sys.argv[1]), int(sys.argv[2]))
