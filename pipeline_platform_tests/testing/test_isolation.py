"""The kit leaves nothing behind, needs no Dagster, and shares nothing between processes."""

import gc
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline_platform.testing import run_model, run_stream
from pipeline_platform_tests.testing.places import SHOP

PROGRAM = """
import sys
from pipeline_platform.testing import expect, run_model, run_stream
orders = [{"id": str(n), "ordered_at": "2024-01-02T10:00:00Z", "product": "tea"} for n in range(7)]
for _ in range(3):
    stream = run_stream(sys.argv[1] + "/orders", rows=orders)
    expect(run_model(sys.argv[1] + "/products", {"serving.orders": stream.accepted}),
           [{"product": "tea", "orders": 7}])
assert "dagster" not in sys.modules, "dagster was imported"
assert "pipeline_platform.components" not in sys.modules
"""


@pytest.mark.slow
def test_processes_side_by_side_without_dagster(tmp_path: Path) -> None:
    run = [sys.executable, "-W", "error", "-c", PROGRAM, str(SHOP)]
    environment = {
        "TMPDIR": str(tmp_path),
        "PATH": "",
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    started = [
        subprocess.Popen(run, stderr=subprocess.PIPE, text=True, env=environment) for _ in range(2)
    ]
    assert [process.communicate()[1] for process in started] == ["", ""]
    assert [process.returncode for process in started] == [0, 0]
    assert list(tmp_path.iterdir()) == []


def test_the_folder_goes_with_the_run() -> None:
    stream = run_stream(SHOP / "orders")
    model = run_model(SHOP / "products", {"serving.orders": []})
    homes = [stream.bench.settings.home, model._bench.settings.home]
    assert all(home.is_dir() for home in homes)
    landing = stream.land(rows=[])
    del stream, model
    gc.collect()
    assert [home.exists() for home in homes] == [True, False]
    del landing
    gc.collect()
    assert not homes[0].exists()
