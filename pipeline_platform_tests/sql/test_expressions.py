"""Row expressions give in Polars what the engines give, row for row."""

import subprocess
import sys
from datetime import datetime
from typing import Any

import polars as pl
import pytest

from pipeline_platform.contracts.types import DataType
from pipeline_platform.errors import DeclarationError, UnknownName
from pipeline_platform.sql.expressions import (
    expression_columns,
    expression_type,
    polars_expression,
)
from pipeline_platform_tests.sql.answers import answers, lines
from pipeline_platform_tests.sql.frame import TYPES, frame, relation

# Sail casts a double to a decimal to compare it, and cuts negative epochs toward zero.
SAIL_STRAYS = {
    "x < 1.5", "0.5 < x", "x in (1, 2.5)", "x between 0 and 1.5", "d < ts",
    "unix_seconds(ts)", "unix_millis(ts)",
}  # fmt: skip
SAIL_TYPES = {"datediff(d, e)", "datediff(ts, us)", "date_diff(e, d)"}


def ours(text: str) -> list[str | None]:
    """The values of the expression, written as `ask` writes the engine's."""
    found = frame().with_columns(x=polars_expression(text, TYPES, where="rule"))["x"]
    return [shown(value) for value in found.to_list()]


def shown(value: Any) -> str | None:
    """A value as text; None for NULL."""
    if isinstance(value, datetime):
        return str(value.replace(tzinfo=None))
    return None if value is None else str(value)


def differences(engine: str, texts: list[str]) -> dict[str, Any]:
    """Expression to (ours, the engine's) where they differ."""
    its = answers(engine, "rows", relation(), texts, together=20)
    pairs = {text: (ours(text), other) for text, other in zip(texts, its, strict=True)}
    return {text: pair for text, pair in pairs.items() if pair[0] != pair[1]}


def type_differences(engine: str, texts: list[str]) -> dict[str, Any]:
    """Expression to (our type, the engine's) where they differ."""
    its = answers(engine, "types", relation(), texts, together=20)
    pairs = {
        text: (str(expression_type(text, TYPES, where="rule")), other)
        for text, other in zip(texts, its, strict=True)
    }
    return {text: pair for text, pair in pairs.items() if pair[0] != pair[1]}


def test_rows_and_types_equal_those_of_sail() -> None:
    texts = [text for text in lines("rows.txt") if text not in SAIL_STRAYS]
    assert len(texts) > 250
    assert differences("sail", texts) == {}
    assert set(type_differences("sail", texts)) == SAIL_TYPES


@pytest.mark.slow
@pytest.mark.spark
@pytest.mark.timeout(600)
def test_rows_and_types_equal_those_of_spark() -> None:
    assert differences("spark", lines("rows.txt")) == {}
    assert type_differences("spark", lines("rows.txt")) == {}


@pytest.mark.parametrize(
    "text",
    ["i / 0", "i % 0", "n div 0", "2147483647 + i * 1000000", "n * 9223372036854775807",
     "cast(x * 1e10 as int)", "cast(n * 1000 as int)", "cast(s as int)",
     "abs(-32768S) + m * m * 99",
     "timestamp_seconds(n)", "date_add(d, 2147483647)", "timestampadd(DAY, i, us)"],
)  # fmt: skip
def test_what_ansi_spark_raises_for_is_null(text: str) -> None:
    assert None in ours(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tim > 1", "unknown column 'tim'"),
        ("st.z", "unknown field 'z'"),
        ("lenth(s)", "unknown function 'lenth'"),
        ("sum(i)", "unknown function 'sum'"),
        ("x + s", "double \\+ string"),
        ("i AND b", "int where a condition is needed"),
        ("i * 1.5", "computed differently by engines"),
        ("d > '2013-13-01'", "is no date"),
        ("s LIKE t", "no literal"),
        ("s RLIKE '(?=a)'", "look|holds"),
        ("s RLIKE 'a++'", "possessive"),
        ("s RLIKE '('", "holds"),
        ("s LIKE 'a\\\\b'", "LIKE pattern"),
        ("i < j = b", "belongs together"),
        ("i IN (SELECT 1)", "outside what a row expression can say"),
        ("row_number() OVER (ORDER BY i)", "outside"),
        ("s LIKE ANY ('a')", "outside"),
        ("i +", "not understood"),
        ("i; j", "not understood"),
        ("i, j", "one expression"),
        ("i FROM t", "one expression"),
        ("", "one expression"),
        ("'abc", "not closed"),
        ("length(s, t)", "length with 2 arguments"),
        ("ts + 1", "timestamp \\+ int"),
        ("INTERVAL 1 DAY", "outside"),
    ],
)
def test_what_is_not_exact_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(DeclarationError, match=message) as caught:
        expression_type(text, TYPES, where="flights/defs.yaml:7")
    assert caught.value.where.startswith("flights/defs.yaml:7")


def test_a_misspelt_column_has_the_likely_one_and_its_place() -> None:
    with pytest.raises(UnknownName) as caught:
        expression_type("i > 0 AND amout > 1", {"i": TYPES["i"], "amount": TYPES["amt"]}, where="r")
    assert caught.value.guess == "amount"
    assert caught.value.where == "r, character 11 of 'i > 0 AND amout > 1'"


def test_columns_are_those_that_a_row_must_have() -> None:
    text = "timestampadd(MINUTE, minute, ts) > st.a AND F IN ('x') AND exists(arr, q -> q > z)"
    assert expression_columns(text, "rule") == {"minute", "ts", "st", "F", "arr", "z"}


def test_names_are_compared_without_case() -> None:
    columns = {"Amount": DataType.parse("int")}
    rows = pl.DataFrame({"Amount": [1]}, schema={"Amount": pl.Int32})
    found = rows.select(x=polars_expression("AMOUNT + 1", columns, where="rule"))
    assert found["x"].to_list() == [2]


def test_checking_imports_no_polars() -> None:
    code = (
        "import sys; from pipeline_platform.contracts.types import DataType;"
        "from pipeline_platform.sql import analysis, expressions, guard, tables;"
        "t = DataType.parse('timestamp');"
        "expressions.expression_type('ts + INTERVAL 1 DAY', {'ts': t}, where='');"
        "heavy = {'polars', 'pyarrow', 'pandas', 'pyspark', 'numpy'} & set(sys.modules);"
        "sys.exit(bool(heavy))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
