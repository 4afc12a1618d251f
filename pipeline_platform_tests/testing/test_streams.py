"""Streams over given objects and rows: what is accepted, refused, dropped."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline_platform.errors import Abort
from pipeline_platform.testing import StreamRun, expect, run_stream
from pipeline_platform_tests.testing.places import AVIATION, SHOP

FLIGHT = {
    "year": 2013, "month": 1, "day": 1, "dep_time": 517, "sched_dep_time": 515, "dep_delay": 2,
    "arr_time": 830, "sched_arr_time": 819, "arr_delay": 11, "carrier": "UA", "flight": 1545,
    "tailnum": "N14228", "origin": "EWR", "dest": "IAH", "air_time": 227, "distance": 1400,
    "hour": 5, "minute": 15, "time_hour": "2013-01-01T10:00:00Z",
}  # fmt: skip


def order(id: str, at: str = "2024-01-02T10:00:00Z", **more: Any) -> dict[str, Any]:
    return {"id": id, "ordered_at": at, "product": "tea", "amount": Decimal("3.20")} | more


def test_the_numbers_add_up_and_the_order_is_that_of_landing() -> None:
    run = run_stream(
        SHOP / "orders", rows=[order("b"), order("a"), order("b"), order("c", product="beer")]
    )
    assert [row["id"] for row in run.accepted] == ["b", "a"]
    assert (run.landed, run.duplicates, len(run.refused)) == (4, 1, 1)
    expect(run.refused, [{"reason": "rule", "column": "product", "_row": 3}])
    assert "beer" in run.refused[0]["detail"]
    expect(run, [order("b", _day="2024-01-02"), order("a", _day=date(2024, 1, 2))], ordered=True)


def test_objects_of_every_kind_in_their_order(tmp_path: Path) -> None:
    file = tmp_path / "third.json"
    file.write_text('{"id":"c","ordered_at":"2024-01-02T10:00:00Z","product":"mug"}\nnonsense\n')
    line = '{"id":"%s","ordered_at":"2024-01-02T10:00:00Z","product":"mug"}\n'
    run = run_stream(SHOP / "orders", [(line % "b").encode(), line % "a", file])
    expect(run, [{"id": "b"}, {"id": "a"}, {"id": "c"}], ordered=True)
    expect(run.refused, [{"reason": "malformed", "_position": 2, "original": b"nonsense"}])
    assert run.warned == {}


def test_repeats_late_rows_and_conflicts_across_landings() -> None:
    run = run_stream(SHOP / "orders", rows=[order("a", "2024-01-05T10:00:00Z")])
    late = run.land(rows=[order("late"), order("a", "2024-01-05T10:00:00Z")])
    assert (late.landed, late.duplicates) == (2, 1)
    expect(late, [{"id": "late", "_day": "2024-01-02", "_epoch": 1}])
    other = run.land(rows=[order("a", "2024-01-05T10:00:00Z", amount=4)])
    expect(other.refused, [{"reason": "conflict"}])
    assert (run.landed, run.duplicates, len(run.accepted), len(run.refused)) == (4, 1, 2, 1)


def test_a_row_is_of_the_future_only_as_long_as_it_is() -> None:
    early = [order("a", "2024-01-03T12:00:00Z")]
    run = run_stream(SHOP / "orders", rows=early, at="2024-01-03T10:59:59Z")
    expect(run.refused, [{"reason": "future"}])
    now = datetime(2024, 1, 3, 11, 0, tzinfo=UTC)
    expect(run.land(rows=early, at=now), [{"id": "a"}])
    assert run.land(rows=early).duplicates == 1


def test_warnings_unknown_fields_and_null() -> None:
    run = run_stream(
        SHOP / "orders", rows=[order("a", amount=None, note="x"), order("b", amount=2000)]
    )
    assert run.warned == {"gifts_have_no_price": 1, "amount_range": 1}
    expect(run, [{"id": "a", "_extra": '{"note":"x"}'}, {"id": "b", "amount": "2000.00"}])


def test_rows_are_written_as_csv() -> None:
    run = run_stream(
        SHOP / "visits", rows=[{"at": "2024-01-02 10:00:00", "page": '/a,"b"'}, {"at": None}]
    )
    expect(run, [{"at": "2024-01-02T10:00:00Z", "page": '/a,"b"'}])
    expect(run.refused, [{"reason": "null", "column": "at"}])


def test_the_demo_stream() -> None:
    run = run_stream(
        AVIATION / "flights", rows=[FLIGHT, FLIGHT | {"fligth": 1}, FLIGHT | {"minute": 60}]
    )
    expect(run, [{"carrier": "UA", "flight": 1545, "_day": "2013-01-01"}])
    expect(
        run.refused,
        [{"reason": "unknown_field", "column": ""}, {"reason": "rule", "column": "minute"}],
    )


def declared(folder: Path, landing: str, columns: str) -> Path:
    folder.mkdir()
    (folder / "defs.yaml").write_text(
        "type: pipeline_platform.components.Stream\n"
        "attributes:\n"
        "  description: Readings.\n"
        "  owner: team:a\n"
        "  start: 2024-01-01\n"
        "  event_time: at\n"
        f"  landing: {{prefix: readings/, {landing}}}\n"
        f"  columns: {{{columns}}}\n"
    )
    return folder


AT = "at: {type: timestamp, nullable: false, source: ts, format: %s, description: When.}"


@pytest.mark.parametrize("form", ["epoch_s", "epoch_ms", "epoch_us", '"%d.%m.%Y %H:%M:%S%z"'])
@pytest.mark.parametrize(
    "landing", ["format: ndjson", "format: json", 'format: csv, delimiter: ";"']
)
def test_instants_are_written_as_the_column_says(tmp_path: Path, landing: str, form: str) -> None:
    at = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
    run = run_stream(
        declared(tmp_path / "readings", landing, AT % form), rows=[{"at": at}, {"ts": at}]
    )
    assert [row["at"] for row in run.accepted] == [at, at]


def test_settled_objects_are_seen_at_once(tmp_path: Path) -> None:
    folder = declared(tmp_path / "readings", "format: ndjson, settle: 1h", AT % "epoch_s")
    expect(run_stream(folder, rows=[{"ts": 1704164645}], at="2024-01-02T04:00:00Z"), [{"_row": 0}])


def test_a_text_stream_takes_lines_and_no_rows(tmp_path: Path) -> None:
    landing = "format: text, pattern: '(?P<ts>[0-9]+) (?P<v>.*)'"
    columns = AT % "epoch_s" + ", v: {type: int, description: Value.}"
    folder = declared(tmp_path / "readings", landing, columns)
    expect(run_stream(folder, "1704164645 7\n1704164646 x\n"), [{"v": 7}])
    with pytest.raises(Abort, match=r"format text(.|\n)*give the lines themselves"):
        run_stream(folder, rows=[{"v": 7}])


def test_nothing_landed_is_no_rows() -> None:
    run: StreamRun = run_stream(SHOP / "orders", at="2024-01-03T00:00:00Z")
    assert (run.landed, run.accepted, run.refused) == (0, [], [])
    expect(run.land(rows=[order("a")]), [{"id": "a"}])
