"""The set of hashes against Python's own, over runs in memory and in files."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_platform.ingest import hashes
from pipeline_platform.ingest.hashes import HashSet

SOME = st.lists(st.integers(0, 60) | st.integers(0, 2**64 - 1), max_size=40)


@pytest.fixture(autouse=True)
def small_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashes, "MAPPED", 8)
    monkeypatch.setattr(hashes, "LARGEST", 32)


@settings(max_examples=300)
@given(st.lists(SOME, max_size=12))
def test_it_tells_what_was_there_or_stands_earlier(batches: list[list[int]]) -> None:
    held, model = HashSet(), set[int]()
    for batch in batches:
        repeated = held.add(np.array(batch, np.uint64)).tolist()
        expected = []
        for place, number in enumerate(batch):
            if number in model:
                expected.append(place)
            model.add(number)
        assert sorted(repeated) == expected
        assert len(held) == len(model)


def test_large_runs_lie_in_files_and_the_largest_are_not_merged() -> None:
    held = HashSet()
    for first in range(0, 320, 10):
        assert not len(held.add(np.arange(first, first + 10, dtype=np.uint64)))
    mapped = [isinstance(run, np.memmap) for run in held._runs]
    assert all(mapped)
    assert len(mapped) > 8
    assert max(map(len, held._runs)) <= 32
    assert len(held.add(np.arange(330, dtype=np.uint64))) == 320
