"""A filtered answer is the answer, filtered; and it opens only the days that can hold it."""

from datetime import date

import pyarrow as pa
import pytest

from pipeline_platform.views import relations
from pipeline_platform.views.reading import Reading
from pipeline_platform_tests.views.histories import event
from pipeline_platform_tests.views.stage import Stage, view_of

VIEW = view_of("by_hour")
CONDITIONS = [
    "hour = TIMESTAMP '2026-03-02 12:00:00'",
    "hour >= TIMESTAMP '2026-03-02 12:00:00' AND events > 1",
    "hour < TIMESTAMP '2026-03-02 12:00:00' OR events = 2",
    "hour BETWEEN '2026-03-01' AND '2026-03-02'",
    "hour IS NULL",
    "hour = TIMESTAMP '2030-01-01 00:00:00'",
    "NOT hour = TIMESTAMP '2026-03-02 12:00:00'",
]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    made = Stage(tmp_path_factory.mktemp("filtered"))
    for day in (1, 2, 3):
        made.land([event(f"{day}-{n}", day=day) for n in range(day + 1)])
        made.admit()
        made.bring_up(VIEW)
        made.fold(VIEW)
    return made


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_answer_filtered(stage: Stage, condition: str) -> None:
    found, _ = stage.read(VIEW)
    engine = stage.platform.engine
    with found.shown(engine) as name:
        expected = engine.collect(engine.sql(f"SELECT * FROM {name} WHERE {condition}"))
    assert _rows(found.answer(engine, condition)) == _rows(expected)


def test_one_day_is_opened(stage: Stage) -> None:
    found: Reading = stage.read(VIEW)[0]
    assert found.reached(CONDITIONS[0]) == [date(2026, 3, 2)]
    assert found.reached(CONDITIONS[5]) == []
    assert found.reached("events > 1") is None


@pytest.mark.parametrize("condition", CONDITIONS)
def test_a_table_with_more_rows_than_go_through_memory(
    stage: Stage, condition: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, _ = stage.read(VIEW)
    few = _rows(found.answer(stage.platform.engine, condition))
    monkeypatch.setattr(relations, "FEW", 0)
    assert _rows(found.answer(stage.platform.engine, condition)) == few


def _rows(table: pa.Table) -> list[str]:
    return sorted(map(str, table.to_pylist()))
