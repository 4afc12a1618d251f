"""A new generation of accepted rows as Dagster sees it: every day changed, emptied ones too."""

from datetime import date
from pathlib import Path

import dagster as dg
import msgspec
import pytest

from pipeline_platform.components.arrivals import look
from pipeline_platform.declarations.resolution import DeclaredStream
from pipeline_platform.wiring import platform
from pipeline_platform_tests.components.shop import land_order
from pipeline_platform_tests.components.test_streams import RAW, opened, orders, run, versions

__all__ = ["opened", "orders"]


@pytest.mark.timeout(200)
def test_every_day_is_told_after_a_swap_and_admission_goes_on(
    orders: DeclaredStream, opened: dg.DagsterInstance, home: Path
) -> None:
    land_order(home, "one", "2024-01-02")
    land_order(home, "two", "2024-01-05")
    run(orders, opened, RAW)
    assert versions(opened) == {"2024-01-02": "0", "2024-01-05": "0"}
    later = msgspec.structs.replace(orders.contract, start=date(2024, 1, 3))
    platform().reprocess(later)
    assert look(platform(), orders.contract, opened).wanted
    run(orders, opened, RAW)
    assert versions(opened) == {"2024-01-02": "empty", "2024-01-05": "1.0"}
    assert not look(platform(), orders.contract, opened).wanted
    land_order(home, "three", "2024-01-05")
    run(orders, opened, RAW)
    assert versions(opened)["2024-01-05"] == "1.1"
