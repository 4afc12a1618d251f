"""Real processes: racing each other, and killed at any moment."""

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.lake.lake import Lake
from pipeline_platform_tests.lake.frames import NAME, day, events, rows_of, staged

pytestmark = pytest.mark.slow

APPENDER = """
import sys
from pathlib import Path
from pipeline_platform.lake.lake import Lake
from pipeline_platform_tests.lake.frames import NAME, day, staged
table, who, epochs = Lake(sys.argv[1]).table(NAME), int(sys.argv[2]), int(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
for epoch in range(epochs):
    files = staged(table, [(day(n), epoch, who) for n in range(3)])
    table.append(files, transaction=("admit", epoch), metadata={"who": who})
"""

REPLACER = """
import sys
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.errors import CommitConflict
from pipeline_platform.lake.lake import Lake
from pipeline_platform_tests.lake.frames import NAME, day, rows_of, staged
table, rounds = Lake(sys.argv[1]).table(NAME), int(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
done = 0
while done < rounds:
    read = table.snapshot()
    before = [row for row in rows_of(read) if row[0] == day(0)]
    rows = [(day(0), 0, before[0][2] + 1)]
    try:
        table.replace(staged(table, rows), read=read, window=DayWindow.of(day(0)))
    except CommitConflict:
        continue
    done += 1
"""


def start(program: str, lake: Lake, who: int, count: int) -> subprocess.Popen[str]:
    """A process that waits for a line before it begins."""
    command = [sys.executable, "-c", program, lake.root, str(who), str(count)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True)
    assert process.stdout
    assert process.stdout.readline() == "ready\n"
    return process


def go(*processes: subprocess.Popen[str]) -> None:
    """Let all begin at once."""
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()


def wait_for(done: Callable[[], bool], seconds: float = 60) -> None:
    """Wait until it is so."""
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until
        time.sleep(0.05)


def end(*processes: subprocess.Popen[str]) -> list[int]:
    """Exit statuses once all have ended."""
    for process in processes:
        process.communicate()
    return [process.returncode for process in processes]


def test_two_processes_append_every_epoch_once(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    table = events(lake)
    both = start(APPENDER, lake, 1, 25), start(APPENDER, lake, 2, 25)
    go(*both)
    assert end(*both) == [0, 0]
    held = table.snapshot()
    writers = {epoch: {row[2] for row in rows_of(held) if row[1] == epoch} for epoch in range(25)}
    assert held.num_rows == 75
    assert all(len(who) == 1 for who in writers.values())
    assert held.version == 25
    committed = held.paths(None)
    assert {
        p.relative_to(table.uri).as_posix() for p in Path(table.uri).glob("_day*/*")
    } == committed


def test_two_processes_count_by_replacing(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    table = events(lake)
    table.append(staged(table, [(day(0), 0, 0), (day(1), 0, 7)]), transaction=("a", 0))
    both = start(REPLACER, lake, 1, 10), start(REPLACER, lake, 2, 10)
    go(*both)
    assert end(*both) == [0, 0]
    assert rows_of(table.snapshot()) == [(day(0), 0, 20), (day(1), 0, 7)]


def test_appends_and_replaces_of_a_window_lose_no_row(tmp_path: Path) -> None:
    """A replace that overwrote a concurrent append would lose that epoch's row of day 0."""
    lake = Lake(tmp_path)
    table = events(lake)
    appender = start(APPENDER, lake, 0, 15)
    go(appender)
    seen: Counter[int] = Counter()
    while appender.poll() is None:
        read = table.snapshot()
        rows = [row for row in rows_of(read) if row[0] == day(0)]
        replaced = staged(table, rows)
        try:
            table.replace(replaced, read=read, window=DayWindow.of(day(0)))
            seen["won"] += 1
        except Exception as error:
            seen[type(error).__name__] += 1
    end(appender)
    assert set(seen) <= {"won", "CommitConflict"}
    assert Counter(row[0] for row in rows_of(table.snapshot())) == {day(n): 15 for n in range(3)}


def test_killed_processes_leave_a_readable_table_and_the_retry_works(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    table = events(lake)
    chance = random.Random(7)
    for _ in range(4):
        process = start(APPENDER, lake, 1, 60)
        go(process)
        time.sleep(chance.uniform(0.0, 0.4))
        process.kill()
        end(process)
        held = table.snapshot()
        whole = held.transaction_version("admit")
        expected = 0 if whole is None else 3 * (whole + 1)
        assert len(rows_of(held)) == held.num_rows == expected
    last = start(APPENDER, lake, 1, 60)
    go(last)
    assert end(last) == [0]
    assert table.snapshot().num_rows == 180
    assert lake.names() == [NAME]


EXCHANGER = """
import sys
from pipeline_platform.errors import CommitConflict
from pipeline_platform.lake.lake import Lake
from pipeline_platform_tests.lake.frames import NAME, day, rows_of, staged
table, rounds = Lake(sys.argv[1]).table(NAME), int(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()
won = 0
for _ in range(rounds):
    read = table.snapshot()
    try:
        table.exchange(
            read.paths(None), staged(table, rows_of(read)), data_change=False
        )
        won += 1
    except CommitConflict:
        pass
sys.exit(won == 0)
"""


def test_two_processes_exchange_while_a_third_appends(tmp_path: Path) -> None:
    """Every row stays once; what a loser staged is gone."""
    lake = Lake(tmp_path)
    table = events(lake)
    table.append(staged(table, [(day(0), -1, 0)]), transaction=("admit", -1))
    everyone = [start(APPENDER, lake, 0, 20)] + [start(EXCHANGER, lake, n, 12) for n in (1, 2)]
    go(*everyone)
    assert end(*everyone) == [0, 0, 0]
    expected = [(day(n), epoch, 0) for n in range(3) for epoch in range(20)]
    assert rows_of(table.snapshot()) == sorted([*expected, (day(0), -1, 0)])
    log = "".join(path.read_text() for path in Path(table.uri, "_delta_log").glob("*.json"))
    assert all(path.name in log for path in Path(table.uri).rglob("part-*.parquet"))


KEEPER = """
import sys, time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from pipeline_platform.lake.lake import Lake
from pipeline_platform.lake.tuning import Tune
from pipeline_platform.lake.upkeep import Policy, plan_upkeep, run
from pipeline_platform_tests.lake.frames import NAME
table, stop = Lake(sys.argv[1]).table(NAME), Path(sys.argv[1], "stop")
policy = Policy(3, timedelta(seconds=2), timedelta(seconds=1), 5)
print("ready", flush=True)
sys.stdin.readline()
done = set()
while not stop.exists():
    for step in plan_upkeep(table, datetime.now(UTC), (), policy):
        waits = isinstance(step, Tune) and "CleanLog" not in done
        if not waits and run(table, step):
            done.add(type(step).__name__)
            Path(sys.argv[1], type(step).__name__).touch()
    time.sleep(0.1)
"""

STEPS = ("Compact", "Delete", "CleanLog")

READER = """
import sys, time
from pathlib import Path
from pipeline_platform.lake.lake import Lake
from pipeline_platform_tests.lake.frames import NAME, rows_of
stop, seen, reads = Path(sys.argv[1], "stop"), -1, 0
table = Lake(sys.argv[1]).table(NAME)
print("ready", flush=True)
sys.stdin.readline()
while not stop.exists():
    again = table if reads % 2 else Lake(sys.argv[1]).table(NAME)
    held = again.snapshot()
    last = held.transaction_version("admit")
    assert last >= seen, (last, seen)
    rows = [row[1] for row in rows_of(held)]
    assert sorted(rows) == sorted([*range(-1, last + 1)] * 3), held.version
    assert held.num_rows == len(rows) == 3 * (last + 2)
    seen, reads = last, reads + 1
    time.sleep(0.02)
print(reads)
"""


def test_upkeep_by_two_processes_hurts_neither_writer_nor_reader(tmp_path: Path) -> None:
    """Compaction, vacuum and cleaning of the log, all impatient, under appends and reads."""
    lake = Lake(tmp_path)
    table = events(lake)
    table.append(staged(table, [(day(n), -1, 0) for n in range(3)]), transaction=("admit", -1))
    writer = start(APPENDER, lake, 0, 120)
    keepers = [start(KEEPER, lake, n, 0) for n in (1, 2)]
    reader = start(READER, lake, 3, 0)
    go(writer, *keepers, reader)
    assert end(writer) == [0]
    wait_for(lambda: all(Path(lake.root, step).exists() for step in STEPS))
    Path(lake.root, "stop").touch()
    said = reader.communicate()[0].split()
    assert end(*keepers, reader) == [0, 0, 0]
    assert int(said[0]) > 10
    expected = [(day(n), epoch, 0) for n in range(3) for epoch in range(-1, 120)]
    assert rows_of(table.snapshot()) == sorted(expected)
    assert rows_of(Lake(tmp_path).table(NAME).snapshot()) == sorted(expected)
