"""What Dagster is told by the real-time path: as by an admission run, seldom, never in the way."""

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import dagster as dg

from pipeline_platform.components.admission_events import reported_epoch
from pipeline_platform.components.arrivals import arrival_sensor, look
from pipeline_platform.components.resource import PlatformResource
from pipeline_platform.components.stream_report import StreamReport
from pipeline_platform.speed.lane import Lane
from pipeline_platform.speed.runner import Runner
from pipeline_platform.wiring import platform
from pipeline_platform_tests.components.pace import DAYS, PACE, RAW, Shop, answer
from pipeline_platform_tests.components.shop import land_order


@contextmanager
def running(shop: Shop, every_s: float) -> Iterator[Lane]:
    """The shop's orders and their view, kept up and told of."""
    here, stop = platform(), Event()
    report = StreamReport(here, shop.declared, ["orders"], every_s)
    contract, view = shop.declared.streams["orders"].contract, shop.declared.views["pace"].view
    lane = here.lane(contract, [view], stop=stop, tell=report)
    runner = Runner([lane], stop=stop, watch=here.watch)
    report.start()
    runner.start()
    try:
        yield lane
        stop.set()
        runner.finish()
    finally:
        stop.set()
        report.close()


def committed(lane: Lane, epochs: int, seconds: float = 30) -> None:
    """Wait until so many epochs are committed and in the view."""
    end, view = time.monotonic() + seconds, lane.standing.views["pace"]
    while lane.standing.epochs < epochs or view.as_of != lane.standing.head:
        assert time.monotonic() < end, lane.standing
        time.sleep(0.01)


def events(opened: dg.DagsterInstance, key: dg.AssetKey) -> list[dg.AssetMaterialization]:
    """Materializations of an asset, oldest first."""
    records = opened.fetch_materializations(key, limit=100).records
    return [r.asset_materialization for r in reversed(records) if r.asset_materialization]


def shape(event: dg.AssetMaterialization) -> tuple[object, ...]:
    """What sensors and conditions see of an event."""
    return event.asset_key, event.partition, event.tags, set(event.metadata)


def test_days_are_told_as_by_an_admission_run(
    shop: Shop, home: Path, opened: dg.DagsterInstance
) -> None:
    land_order(home, "one", "2024-01-05")
    land_order(home, "two", "2024-01-02")
    with running(shop, 60) as lane:
        committed(lane, 1)
    told = {key: [shape(e) for e in events(opened, key)] for key in (RAW, DAYS)}
    assert reported_epoch(opened, shop.declared.streams["orders"].contract) == lane.standing.head
    with dg.instance_for_test() as other:
        platform()
        Shop.run(_with(shop, other), RAW)
        run = {key: [shape(e) for e in events(other, key)] for key in (RAW, DAYS)}
    days = {partition: tags for _, partition, tags, _ in told[DAYS]}
    assert days.keys() == {"2024-01-02", "2024-01-05"}
    own = ("dagster/data_version", "dagster/code_version")
    for key in (RAW, DAYS):
        for mine, theirs in zip(sorted(told[key], key=str), sorted(run[key], key=str), strict=True):
            assert (mine[:2], mine[3]) == (theirs[:2], theirs[3])
            assert {t: mine[2][t] for t in own} == {t: theirs[2][t] for t in own}  # type: ignore[index]
    assert not look(platform(), shop.declared.streams["orders"].contract, opened).wanted


def _with(shop: Shop, opened: dg.DagsterInstance) -> Shop:
    """The same shop on another instance."""
    made = Shop.__new__(Shop)
    made.__dict__.update(shop.__dict__)
    made._opened = opened
    return made


def test_many_epochs_are_one_event_per_asset_and_the_last_is_told_at_the_end(
    shop: Shop, home: Path, opened: dg.DagsterInstance
) -> None:
    with running(shop, 60) as lane:
        for number in range(5):
            land_order(home, f"n{number}", "2024-01-05")
            committed(lane, number + 1)
        assert events(opened, RAW) == []
    (raw,), (day,), (view,) = (events(opened, key) for key in (RAW, DAYS, PACE))
    assert raw.metadata["epoch"].value == lane.standing.head
    assert (day.partition, day.metadata["dagster/partition_row_count"].value) == ("2024-01-05", 5)
    assert view.metadata["as of epoch"].value == lane.standing.head
    assert answer() == {"tea": 5}


def test_what_was_never_told_is_told_at_the_start(
    shop: Shop, home: Path, opened: dg.DagsterInstance
) -> None:
    land_order(home, "one", "2024-01-05")
    platform().admission(shop.declared.streams["orders"].contract).run()
    with running(shop, 60):
        pass
    assert [event.partition for event in events(opened, DAYS)] == ["2024-01-05"]


def test_a_locked_storage_delays_no_commit_and_is_told_later(
    shop: Shop, home: Path, opened: dg.DagsterInstance
) -> None:
    files = sorted((home / "dagster").rglob("event_log.db"))
    locked = sqlite3.connect(files[0], isolation_level=None)
    locked.execute("BEGIN EXCLUSIVE")
    with running(shop, 0.1) as lane:
        for number in range(3):
            land_order(home, f"n{number}", "2024-01-05")
            committed(lane, number + 1)
        assert lane.standing.trouble is None
        locked.execute("ROLLBACK")
        locked.close()
    assert events(opened, RAW)[-1].metadata["epoch"].value == lane.standing.head


def test_the_sensor_leaves_a_stream_to_who_runs_it_and_tells(
    shop: Shop, home: Path, opened: dg.DagsterInstance
) -> None:
    contract = shop.declared.streams["orders"].contract
    land_order(home, "one", "2024-01-05")
    sensor = arrival_sensor(contract)

    def asked() -> bool:
        context = dg.build_sensor_context(opened, resources={"platform": PlatformResource()})
        return isinstance(sensor(context), dg.RunRequest)

    assert asked()
    silent = platform().leases.take("orders", "a test")
    assert asked()
    silent.release()
    telling = platform().leases.take("orders", "a test", tells=True)
    assert not asked()
    telling.release()
    assert asked()
