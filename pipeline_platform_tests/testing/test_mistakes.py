"""What the kit says to those who use it wrongly."""

import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline_platform.errors import PlatformError
from pipeline_platform.testing import expect, run_feature_set, run_model, run_stream
from pipeline_platform_tests.testing.places import SHOP

NONE: dict[str, Any] = {"serving.orders": [], "serving.visits": []}


def daily(**given: Any) -> Any:
    tables = NONE | {name.replace("__", "."): rows for name, rows in given.items()}
    return run_model(SHOP / "daily_sales", tables, start="2024-01-02")


MISTAKES: list[tuple[Callable[[], Any], list[str]]] = [
    (
        lambda: run_model(SHOP / "daily_sale", NONE),
        ["unknown folder", "did you mean", "daily_sales'?"],
    ),
    (
        lambda: run_model(SHOP, NONE),
        ["there is no defs.yaml", "Known: buyers, daily_sales, orders"],
    ),
    (lambda: run_model(SHOP / "orders", NONE), ["nothing is declared as Model", "Stream orders"]),
    (lambda: run_stream(SHOP / "products"), ["nothing is declared as Stream", "Model products"]),
    (lambda: run_feature_set(SHOP / "products", NONE), ["nothing is declared as FeatureSet"]),
    (lambda: run_stream(SHOP / "orders", name="order"), ["unknown Stream 'order'", "'orders'?"]),
    (
        lambda: run_model(SHOP / "daily_sales", {"serving.orders": []}, start="2024-01-02"),
        ["the rows of serving.visits are not given", "an empty list for no rows"],
    ),
    (lambda: daily(serving__order=[]), ["unknown input 'serving.order'", "'serving.orders'?"]),
    (
        lambda: daily(serving__orders=[{"amuont": 1}]),
        ["tables['serving.orders']: unknown column of serving.orders 'amuont'", "'amount'?"],
    ),
    (
        lambda: daily(serving__orders=[{"_day": "2024-01-02", "amount": "1"}, {"amount": "x"}]),
        ["tables['serving.orders'], row 1, column amount: 'x' is no decimal(10,2)", "'12.50'"],
    ),
    (
        lambda: daily(serving__orders=[{"amount": 1}]),
        ["column '_day' is not given and is never NULL", "the columns of the event time"],
    ),
    (
        lambda: daily(serving__orders=[{"_day": "2024-01-02", "id": None}]),
        ["column 'id' is NULL in row 0", "nullable: false"],
    ),
    (lambda: daily(serving__orders={"amount": 1}), ["these are no rows: {'amount': 1}"]),
    (lambda: daily(serving__orders=[1]), ["these are no rows: 1"]),
    (lambda: daily(serving__orders="orders.txt"), ["unknown kind of file '.txt'", ".csv, .jsonl"]),
    (lambda: daily(serving__orders="none.csv"), ["there is no file none.csv", "Path(__file__)"]),
    (lambda: run_model(SHOP / "daily_sales", NONE), ["is cut into days", "give start="]),
    (
        lambda: run_model(SHOP / "daily_sales", NONE, start="2023-12-31"),
        ["no days of warehouse.daily_sales", "2024-01-01 (inclusive) to 2024-01-11 (exclusive)"],
    ),
    (
        lambda: run_model(SHOP / "daily_sales", NONE, start="2024-01-02", end="2024-01-02"),
        ["[2024-01-02, 2024-01-02) are no days"],
    ),
    (
        lambda: run_model(SHOP / "products", {"serving.orders": []}, start="2024-01-02"),
        ["not cut into days", "leave start and end out"],
    ),
    (
        lambda: run_model(SHOP / "products", {"serving.orders": []}, engine="sial"),
        ["unknown engine 'sial'", "'sail'?"],
    ),
    (lambda: run_stream(SHOP / "orders", [{"id": 1}]), ["this is no object", "`rows=[...]`"]),  # type: ignore[list-item]
    (lambda: daily().checks["unique"], ["unknown check 'unique'", "'unique_day'?"]),
    (lambda: expect(daily(), [{"revenu": 1}]), ["unknown column 'revenu'", "'revenue'?"]),
]


@pytest.mark.parametrize(("mistake", "said"), MISTAKES, ids=[said[0] for _, said in MISTAKES])
def test_a_mistake_says_what_to_do(mistake: Callable[[], Any], said: list[str]) -> None:
    with pytest.raises(PlatformError) as found:
        mistake()
    for part in [*said, "Known: ", "What to do: "]:
        assert part in str(found.value)


def test_no_stack_from_below() -> None:
    with pytest.raises(PlatformError) as found:
        daily(serving__order=[])
    files = {Path(frame.filename).name for frame in traceback.extract_tb(found.value.__traceback__)}
    assert files == {Path(__file__).name, "bench.py"}
    assert found.value.__suppress_context__


def model(folder: Path, said: str, sql: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "defs.yaml").write_text(
        "type: pipeline_platform.components.Model\n"
        f"attributes: {{description: Sums., owner: team:a, layer: mart{said}}}\n"
    )
    (folder / "model.sql").write_text(sql)
    return folder


NULLS = "SELECT CASE WHEN n > 1 THEN n END AS n FROM serving.one"


@pytest.mark.parametrize(
    ("said", "sql", "message"),
    [
        ("", "SELECT m AS n FROM serving.one", "unknown column 'm'"),
        (", colums: {}", "SELECT n FROM serving.one", "unknown key 'colums'"),
        ("", "SELECT raise_error('no') AS n, 1 / 0 AS m FROM serving.one", "type of column"),
        (
            ", columns: {n: {type: int}}",
            "SELECT n FROM serving.one",
            "n is bigint, declared int|int",
        ),
        (", columns: {n: {nullable: false}}", NULLS, "NULL"),
        ("", "SELECT CAST(s AS int) AS n FROM serving.one", "'x'"),
    ],
)
def test_a_wrong_declaration_says_so(tmp_path: Path, said: str, sql: str, message: str) -> None:
    with pytest.raises(PlatformError, match=message) as found:
        run_model(model(tmp_path / "sums", said, sql), {"serving.one": [{"n": 1, "s": "x"}]})
    assert len(traceback.extract_tb(found.value.__traceback__)) <= 3


def test_a_type_that_no_value_tells_is_asked_for(tmp_path: Path) -> None:
    folder = model(tmp_path / "sums", "", "SELECT n FROM serving.one")
    with pytest.raises(PlatformError, match=r"type of column 'n' cannot be told(.|\n)*schemas="):
        run_model(folder, {"serving.one": [{"n": None}]})
    with pytest.raises(PlatformError, match=r"unknown table 'serving\.one'"):
        run_model(folder, {"serving.two": [{"n": 1}]})
