"""The landed demo data: whole, deterministic, landed once."""

import gzip
import json
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pytest

from pipeline_platform.cli import demo_data
from pipeline_platform.contracts.epochs import ObjectRef
from pipeline_platform.errors import Abort
from pipeline_platform.ports.local.object_store import FolderStore


class MemoryStore:
    """Objects in a dictionary."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}

    def list(self, prefix: str, *, settled_before: object = None) -> list[ObjectRef]:
        return [ObjectRef(k, len(v), "1") for k, v in self.objects.items() if k.startswith(prefix)]

    def open(self, key: str) -> BinaryIO:
        return BytesIO(self.objects[key])

    def put(self, key: str, data: bytes) -> None:
        self.objects[key] = data

    def put_if_absent(self, key: str, data: bytes) -> bool:
        return self.objects.setdefault(key, data) is data


@pytest.fixture(scope="module")
def landed() -> MemoryStore:
    store = MemoryStore()
    demo_data.land(store)
    return store


def rows(store: MemoryStore, stream: str) -> list[dict[str, object]]:
    return [
        json.loads(line)
        for key in sorted(store.objects)
        if key.startswith(stream)
        for line in gzip.decompress(store.objects[key]).splitlines()
    ]


def test_counts_fields_and_days(landed: MemoryStore) -> None:
    flights, weather = rows(landed, "flights"), rows(landed, "weather")
    assert (len(flights), len(weather)) == (336_776, 26_115)
    assert max(len(row) for row in flights) == 19
    assert max(len(row) for row in weather) == 15
    assert len(landed.objects) == 366 + 364
    assert sum("dep_time" not in row for row in flights) == 8_255
    assert not any(value is None for row in weather for value in row.values())
    assert next(row for row in weather if row.get("wind_speed", 0) > 200)["origin"] == "EWR"  # type: ignore[operator]


def test_an_object_holds_one_scheduled_day_under_a_firehose_key(landed: MemoryStore) -> None:
    key = demo_data.object_key("flights", date(2013, 2, 12))
    assert key.startswith("flights/2013/02/13/00/flights-1-2013-02-13-00-05-00-")
    days = {json.loads(x)["time_hour"][:10] for x in gzip.decompress(landed.objects[key]).split()}
    assert days == {"2013-02-12"}


def test_a_landing_writes_only_what_is_missing(landed: MemoryStore) -> None:
    before = dict(landed.objects)
    missing = sorted(before)[7]
    del landed.objects[missing]
    calls: list[tuple[int, int]] = []
    again = demo_data.land(landed, lambda done, total: calls.append((done, total)))
    assert landed.objects == before
    assert [(r.stream, r.written, r.objects) for r in again] == [
        ("flights", 1, 366),
        ("weather", 0, 364),
    ]
    assert calls == [(366, 730)]


def test_keys_are_visible_to_a_folder_store(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    key = demo_data.object_key("weather", date(2013, 1, 1))
    assert store.put_if_absent(key, b"x")
    assert [ref.key for ref in store.list("weather/")] == [key]


def test_a_missing_distribution_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_data, "DISTRIBUTION", "no-such-distribution")
    with pytest.raises(Abort, match="pip install"):
        demo_data.land(MemoryStore())
