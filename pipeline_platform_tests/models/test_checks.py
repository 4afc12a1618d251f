"""Checks: exact counts, NULL and values of all kinds, one scan, samples of failures."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_platform.contracts.models import TableCheck
from pipeline_platform.contracts.names import TableName
from pipeline_platform.contracts.windows import DayWindow
from pipeline_platform.engine.engine import Parameter
from pipeline_platform.engine.sail import SailEngine
from pipeline_platform.errors import DeclarationError, StatementFailed, UnknownName
from pipeline_platform.lake.lake import Lake
from pipeline_platform.models.checks import CheckOutcome, evaluate
from pipeline_platform_tests.models.tables import SALES, START, day, put

EVERY = [
    TableCheck("given", "not_null", ("id", "amount"), blocking=True),
    TableCheck("one_key", "unique", ("id",)),
    TableCheck("two_keys", "unique", ("_day", "shop")),
    TableCheck("known_shop", "accepted_values", ("shop",), values=("north", "it's")),
    TableCheck("known_amount", "accepted_values", ("amount",), values=(1, 2)),
    TableCheck("low", "range", ("amount",), maximum=10),
    TableCheck("inside", "range", ("id",), minimum=0, maximum=19),
    TableCheck("parity", "expression", expression="id % 2 = 0 -- even", severity="warn"),
    TableCheck("shop_exists", "reference", ("shop",), references="serving.shops(shop)"),
    TableCheck("city_is_shop", "reference", ("shop",), references="serving.shops( city )"),
]


def outcomes(
    engine: SailEngine, lake: Lake, checks: list[TableCheck], window: DayWindow | None = None
) -> dict[str, CheckOutcome]:
    found = evaluate(SALES, checks, window, engine=engine, lake=lake, partition_column="_day")
    assert [outcome.name for outcome in found] == [check.name for check in checks]
    return {outcome.name: outcome for outcome in found}


def test_every_kind_counts_its_failures(engine: SailEngine, lake: Lake) -> None:
    found = outcomes(engine, lake, EVERY)
    assert {name: outcome.failed_rows for name, outcome in found.items()} == {
        "given": 7,
        "one_key": 0,
        "two_keys": 12,
        "known_shop": 10,
        "known_amount": 11,
        "low": 6,
        "inside": 0,
        "parity": 10,
        "shop_exists": 0,
        "city_is_shop": 20,
    }
    assert {outcome.checked_rows for outcome in found.values()} == {20}
    assert all(outcome.passed == (outcome.failed_rows == 0) for outcome in found.values())
    assert (found["given"].blocking, found["parity"].severity) == (True, "warn")


def test_a_window_limits_every_kind(engine: SailEngine, lake: Lake) -> None:
    found = outcomes(engine, lake, EVERY, DayWindow(day(1), day(2)))
    assert {outcome.checked_rows for outcome in found.values()} == {5}
    assert found["city_is_shop"].failed_rows == 5
    assert found["two_keys"].failed_rows == 3
    assert found["parity"].failed_rows == 3
    assert all(row["_day"] == day(1) for o in found.values() for row in o.sample)


def test_failing_checks_bring_a_small_sample(engine: SailEngine, lake: Lake) -> None:
    found = outcomes(engine, lake, EVERY)
    assert found["one_key"].sample == []
    assert {row["amount"] for row in found["given"].sample} == {None}
    assert len(found["given"].sample) == len(found["city_is_shop"].sample) == 5
    assert found["two_keys"].sample[0]["rows"] == 3
    assert set(found["two_keys"].sample[0]) == {"_day", "shop", "rows"}


def test_an_empty_window_passes_everything(engine: SailEngine, lake: Lake) -> None:
    found = outcomes(engine, lake, EVERY, DayWindow(day(50), day(51)))
    assert all(o.passed and o.checked_rows == 0 for o in found.values())


class Counting(SailEngine):
    """Keeps the statements it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def sql(
        self, text: str, parameters: Mapping[str, Parameter] | None = None, *, where: str = ""
    ) -> Any:
        self.asked.append(text)
        return super().sql(text, parameters, where=where)


def test_passing_checks_take_one_statement_and_one_per_reference(
    engine: SailEngine, lake: Lake
) -> None:
    counting = Counting()
    passing = [EVERY[1], EVERY[6], EVERY[8], TableCheck("plain", "not_null", ("id", "shop"))]
    assert all(o.passed for o in outcomes(counting, lake, passing).values())
    assert len(counting.asked) == 2
    counting.asked.clear()
    assert outcomes(counting, lake, []) == {}
    assert counting.asked == []


AWKWARD = st.sampled_from(["a", "it's", 'say "x"', "back\\slash", "", "ä ß", "--", ":c0_0", "`"])


@settings(max_examples=15)
@given(
    rows=st.lists(
        st.tuples(st.one_of(st.none(), AWKWARD), st.one_of(st.none(), st.integers(-3, 3))),
        min_size=1,
    ),
    accepted=st.sets(AWKWARD, min_size=1),
    bounds=st.tuples(st.integers(-3, 3), st.integers(-3, 3)),
)
def test_counts_equal_counting_in_python(
    engine: SailEngine,
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str | None, int | None]],
    accepted: set[str],
    bounds: tuple[int, int],
) -> None:
    lake, name = Lake(tmp_path_factory.mktemp("lake")), TableName("mart", "any")
    schema = pa.schema([("word", pa.string()), ("odd name", pa.int32())])
    columns = list(zip(*rows, strict=True))
    put(lake, name, pa.table([pa.array(c) for c in columns], schema=schema))
    low, high = bounds
    checks = [
        TableCheck("null", "not_null", ("word", "odd name")),
        TableCheck("values", "accepted_values", ("word",), values=tuple(sorted(accepted))),
        TableCheck("range", "range", ("odd name",), minimum=low, maximum=high),
        TableCheck("key", "unique", ("word", "odd name")),
        TableCheck("key2", "unique", ("odd name",)),
    ]
    found = evaluate(name, checks, None, engine=engine, lake=lake, partition_column=None)
    keys = [row for row in rows if None not in row]
    numbers = [number for _, number in rows if number is not None]
    assert [outcome.failed_rows for outcome in found] == [
        sum(None in row for row in rows),
        sum(word is not None and word not in accepted for word, _ in rows),
        sum(number < low or number > high for number in numbers),
        len(keys) - len(set(keys)),
        len(numbers) - len(set(numbers)),
    ]


def test_unknown_columns_and_tables_are_named(engine: SailEngine, lake: Lake) -> None:
    with pytest.raises(UnknownName, match="did you mean 'amount'"):
        outcomes(engine, lake, [TableCheck("x", "not_null", ("amont",))])
    with pytest.raises(UnknownName, match=r"serving\.shops"):
        outcomes(engine, lake, [TableCheck("x", "reference", ("shop",), references="mart.no(a)")])
    wrong = TableCheck("x", "reference", ("shop",), references="serving.shops(name)")
    with pytest.raises(UnknownName, match="city"):
        outcomes(engine, lake, [wrong])


def test_a_reference_names_as_many_columns(engine: SailEngine, lake: Lake) -> None:
    wrong = TableCheck("x", "reference", ("shop", "id"), references="serving.shops(shop)")
    with pytest.raises(DeclarationError, match="as many columns"):
        outcomes(engine, lake, [wrong])


def test_a_failing_expression_names_the_table(engine: SailEngine, lake: Lake) -> None:
    wrong = TableCheck("x", "expression", expression="nosuch > 1")
    with pytest.raises(StatementFailed, match=r"serving\.sales.*\n.*nosuch"):
        outcomes(engine, lake, [wrong], DayWindow(START, day(1)))
