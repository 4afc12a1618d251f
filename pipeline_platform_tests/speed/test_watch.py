"""Hints of what landed, and leases on streams."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

import pytest

from pipeline_platform.errors import LeaseHeld
from pipeline_platform.ports.local.clock import now
from pipeline_platform.ports.local.lease import FileLeases
from pipeline_platform.ports.local.object_store import FolderStore
from pipeline_platform.ports.local.watch import FolderWatch

HOLD = """
import sys, time
from pathlib import Path
from pipeline_platform.ports.local.clock import now
from pipeline_platform.ports.local.lease import FileLeases
FileLeases(Path(sys.argv[1]), now).take("flights", "a test", tells=True)
print("held", flush=True)
time.sleep(60)
"""


def until(done: Callable[[], bool], seconds: float = 20) -> bool:
    """Whether it was done in time."""
    end = time.monotonic() + seconds
    while not done() and time.monotonic() < end:
        time.sleep(0.01)
    return done()


def test_hints_name_what_listings_would(tmp_path: Path) -> None:
    watch, store, stop = FolderWatch(tmp_path), FolderStore(tmp_path), Event()
    found, ready = set[str](), Event()

    def listen() -> None:
        for keys in watch.hints(["a/x/", "b/"], stop):
            found.update(keys)
            ready.set()

    thread = Thread(target=listen)
    thread.start()
    assert ready.wait(20)
    for key in ("a/x/one", "a/y/other", "b/two", "b/.hidden", "b/half.tmp", "c/none"):
        store.put(key, b"1")
    assert until(lambda: {"a/x/one", "b/two"} <= found)
    store.put("b/deep/er/three", b"1")
    assert until(lambda: "b/deep/er/three" in found or "b/deep/" in found)
    stop.set()
    thread.join()
    assert {key.split("/")[0] for key in found} == {"a", "b"}
    assert not {key for key in found if "other" in key or "hidden" in key or "half" in key}


def test_a_lease_is_held_by_one_and_says_by_whom(tmp_path: Path) -> None:
    leases = FileLeases(tmp_path / "leases", now)
    assert leases.holder("flights") is None
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path / "leases")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    with pytest.raises(LeaseHeld, match=f"a test, process {process.pid} on "):
        leases.take("flights", "another")
    holder = leases.holder("flights")
    assert holder is not None
    assert (holder.pid, holder.tells) == (process.pid, True)
    leases.take("weather", "another").release()
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert leases.holder("flights") is None
    lease = leases.take("flights", "another")
    lease.release()
    lease.release()
    assert leases.holder("flights") is None
