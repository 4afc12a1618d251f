"""Views over given rows, epoch by epoch, and the check that users run."""

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline_platform.errors import DeclarationError, UnknownName
from pipeline_platform.testing import check_view, expect, run_view
from pipeline_platform.views.plan import Plan

STREAM = """\
type: pipeline_platform.components.Stream
attributes:
  description: One row per sale.
  owner: team:sales
  landing: {prefix: sales/, format: ndjson}
  start: 2024-01-01
  event_id: [id]
  event_time: at
  columns:
    id: {type: string, nullable: false, description: Identifies the sale.}
    at: {type: timestamp, nullable: false, description: When.}
    shop: {type: string, description: Where.}
    amount: {type: 'decimal(10,2)', description: Euros.}
"""
VIEW = """\
type: pipeline_platform.components.View
attributes:
  description: Sales by shop.
  owner: team:sales
  paths: {paths}
"""
SQL = "SELECT shop, count(*) AS sales, sum(amount) AS total FROM serving.sales GROUP BY shop\n"
BY_CITY = (
    "SELECT d.city, count(*) AS sales FROM serving.sales AS s "
    "LEFT JOIN warehouse.dim_shop AS d ON d.shop = s.shop GROUP BY d.city\n"
)
SHOPS = """\
type: pipeline_platform.components.Model
attributes:
  description: Shops.
  owner: team:sales
  layer: warehouse
  checks: [{unique: [shop]}]
"""
ROWS = [
    {"id": str(n), "at": f"2024-01-0{1 + n % 3}T10:00:00Z", "shop": "ab"[n % 2], "amount": n}
    for n in range(9)
]
ANSWER = [
    {"shop": "a", "sales": 5, "total": Decimal("20.00")},
    {"shop": "b", "sales": 4, "total": Decimal("16.00")},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return declared(tmp_path)


def declared(root: Path, sql: str = SQL, paths: str = "both") -> Path:
    for name, text in (("sales", STREAM), ("by_shop", VIEW.format(paths=paths))):
        (root / "defs" / name).mkdir(parents=True)
        (root / "defs" / name / "defs.yaml").write_text(text)
    (root / "defs" / "by_shop" / "view.sql").write_text(sql)
    return root / "defs" / "by_shop"


@pytest.mark.parametrize("epochs", [1, 4, [2, 0, 7]])
@pytest.mark.parametrize("batch", [False, True, [0]])
def test_the_answer_is_the_same_however_rows_arrive(folder: Path, epochs: Any, batch: Any) -> None:
    run = run_view(folder, ROWS, epochs=epochs, batch=batch)
    assert run == ANSWER
    expect(run, [{"shop": "b", "total": 16}, {"shop": "a", "total": "20"}])
    assert run.polars()["sales"].to_list() == [5, 4]
    assert bool(run.standing.cuts) == bool(batch)


@pytest.mark.parametrize("paths", ["batch", "speed"])
def test_either_path_alone_gives_it(tmp_path: Path, paths: str) -> None:
    run = run_view(declared(tmp_path, paths=paths), ROWS, epochs=3)
    assert run == ANSWER
    assert bool(run.standing.cuts) == (paths == "batch")


def test_late_repeated_and_refused_rows(folder: Path) -> None:
    run = run_view(folder, ROWS, epochs=2, batch=True)
    late = {"id": "late", "at": "2024-01-01T00:00:00Z", "shop": "b", "amount": 1}
    after = run.land([late, ROWS[0], late | {"id": "old", "at": "2023-12-31T00:00:00Z"}])
    expect(after, [{"shop": "a", "sales": 5}, {"shop": "b", "sales": 5}])
    expect(after.refused, [{"reason": "before_start"}])
    assert sum(after.standing.late.values()) == 1
    assert (run, run.standing.as_of) == (ANSWER, after.standing.as_of - 1)
    settled = after.settle("2024-01-01")
    assert settled == after
    assert settled.standing.cuts[date(2024, 1, 1)] == settled.standing.as_of
    assert after.stream.duplicates == 1


def test_no_rows_are_no_groups(folder: Path) -> None:
    assert run_view(folder, []) == []


def test_what_is_wrong_is_said_where_the_test_called(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="the epochs hold 3 rows"):
        run_view(folder, ROWS, epochs=[1, 2])
    with pytest.raises(UnknownName, match=r"warehouse\.dim_shop"):
        run_view(folder, ROWS, tables={"warehouse.dim_shop": []})
    with pytest.raises(DeclarationError, match="nothing is declared as View here"):
        run_view(folder.parent / "sales", ROWS)
    (folder / "view.sql").write_text(SQL.replace("count(*)", "first(id)"))
    with pytest.raises(DeclarationError, match="first") as refused:
        run_view(folder, ROWS)
    assert "view.sql:1" in refused.value.where


def test_a_view_passes_its_check(folder: Path) -> None:
    check_view(folder)
    check_view(folder, [{"shop": "x", "amount": "1.00"}], rounds=2, seed=7)


def test_a_table_that_decides_what_is_counted_is_given_and_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = declared(tmp_path, BY_CITY)
    shops = folder.parent / "dim_shop"
    shops.mkdir()
    (shops / "defs.yaml").write_text(SHOPS)
    (shops / "model.sql").write_text(
        "SELECT shop, max(id) AS city FROM serving.sales GROUP BY shop"
    )
    given = {"warehouse.dim_shop": [{"shop": "a", "city": "Oslo"}]}
    run = run_view(folder, ROWS, epochs=2, batch=[0], tables=given)
    expect(run, [{"city": None, "sales": 4}, {"city": "Oslo", "sales": 5}])
    check_view(folder, rounds=4)
    dayless = Plan._joined_rows
    monkeypatch.setattr(
        Plan, "_joined_rows", lambda self: (text.partition(" AND ")[0] for text in dayless(self))
    )
    (folder / "view.sql").write_text(BY_CITY + "-- changed\n")
    with pytest.raises(AssertionError, match="rows of the stream:"):
        check_view(folder, rounds=4)


def test_a_view_that_answers_wrongly_fails_its_check(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline_platform.views import algebra

    forgetful = algebra.State("count({a0})", "max({s})")
    wrong = algebra.Form(("1",), (forgetful,), "{s0}")
    monkeypatch.setattr(algebra, "summed", lambda *_: wrong._replace(arguments=("amount",)))
    (folder / "view.sql").write_text(SQL + "-- changed\n")
    with pytest.raises(AssertionError, match=r"by_shop: group (.|\n)*rows of the stream:"):
        check_view(folder)
