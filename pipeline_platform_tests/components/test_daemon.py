"""A real daemon: what lands is admitted and rebuilt downstream without a human."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest

from pipeline_platform.components.instance import instance
from pipeline_platform.lake.catalog import load
from pipeline_platform.lake.lake import Lake
from pipeline_platform_tests.components.shop import copy_shop, environment, land_order

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@contextmanager
def daemon(project: Path, home: Path) -> Iterator[Path]:
    """The daemon over the shop, with dagster.yaml as the project has it."""
    log = home / "daemon.log"
    home.mkdir(parents=True, exist_ok=True)
    command = [str(Path(sys.executable).parent / "dagster-daemon"), "run"]
    command += ["-m", "shop.definitions", "-d", str(project)]
    variables = {**environment(project, home), "DAGSTER_HOME": str(project)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=project,
            env=variables,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield log
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(5)


def eventually(holds: Callable[[], bool], log: Path, seconds: float = 100) -> None:
    """Wait until it holds; otherwise fail with the daemon's words."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, log.read_text()[-4000:]
        time.sleep(0.5)


def orders(home: Path) -> dict[str, int]:
    """Orders by product as the mart has them; empty before it exists."""
    names = [str(name) for name in Lake(home / "lake").names()]
    if "mart.products" not in names:
        return {}
    frame = load(Lake(home / "lake"), "mart.products", as_="polars")
    return dict(zip(frame["product"].to_list(), frame["orders"].to_list(), strict=True))


def test_arrivals_reach_every_layer_and_late_days_only_themselves(
    tmp_path: Path, home: Path
) -> None:
    project = copy_shop(tmp_path)
    with daemon(project, home) as log, instance(project) as opened:
        eventually(lambda: evaluations(opened) > 0, log)
        land_order(home, "one", "2024-01-05")
        eventually(lambda: orders(home) == {"tea": 1}, log)
        land_order(home, "late", "2024-01-02")
        eventually(lambda: orders(home) == {"tea": 2}, log)
        eventually(lambda: not unfinished(opened), log)
        daily = dg.AssetKey(["warehouse", "daily_sales"])
        eventually(lambda: len(opened.get_materialized_partitions(daily)) == 2, log)
        assert opened.get_materialized_partitions(daily) == {"2024-01-02", "2024-01-05"}
        eventually(lambda: not unfinished(opened), log)
        built = opened.fetch_materializations(daily, limit=100).records
        assert sorted(r.partition_key for r in built) == ["2024-01-02", "2024-01-05"]
        assert len(opened.get_runs(dg.RunsFilter(tags={"pipeline_platform/stream": "orders"}))) == 2


def evaluations(opened: dg.DagsterInstance) -> int:
    """Ticks of the automation sensor so far."""
    states = [s for s in opened.all_instigator_state() if s.name == "automation"]
    return sum(
        len(opened.get_ticks(s.instigator_origin_id, s.selector_id, limit=5)) for s in states
    )


def unfinished(opened: dg.DagsterInstance) -> int:
    """Runs that have not ended."""
    going = [s for s in dg.DagsterRunStatus if s.value in ("QUEUED", "STARTING", "STARTED")]
    return opened.get_runs_count(dg.RunsFilter(statuses=going))
