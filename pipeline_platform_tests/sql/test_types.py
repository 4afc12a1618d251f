"""A type that analysis gives is the type that the engines give, or it gives none."""

import itertools
from collections.abc import Iterable

import pytest

from pipeline_platform.sql.analysis import analyse
from pipeline_platform_tests.sql.answers import answers, lines

COLUMNS = {
    "i8": "tinyint", "i32": "int", "i64": "bigint", "f32": "float", "f64": "double",
    "d": "decimal(10,2)", "d5": "decimal(5,0)", "dd": "decimal(38,10)", "s": "string",
    "b": "boolean", "dt": "date", "ts": "timestamp", "ai": "array<int>",
    "as_": "array<string>", "st": "struct<a:int,b:string>",
    "ast": "array<struct<a:int,b:string>>", "i16": "smallint",
}  # fmt: skip
VALUES = {
    "s": "'1'", "b": "true", "dt": "DATE'2020-01-01'", "ts": "TIMESTAMP'2020-01-01 00:00:00'",
    "ai": "array(1)", "as_": "array('a')", "st": "named_struct('a', 1, 'b', 'x')",
    "ast": "array(named_struct('a', 1, 'b', 'x'))",
}  # fmt: skip
ROW = ", ".join(
    f"{VALUES.get(name, f'CAST(1 AS {kind})')} AS {name}" for name, kind in COLUMNS.items()
)
PAIRS = (
    "{} + {}", "{} - {}", "{} * {}", "{} / {}", "{} % {}", "{} div {}", "coalesce({}, {})",
    "if(b, {}, {})", "greatest({}, {})", "nullif({}, {})", "array({}, {})",
    "CASE WHEN b THEN {} ELSE {} END", "ifnull({}, {})", "nvl2(i32, {}, {})",
    "max_by({}, {})",
)  # fmt: skip
FEW = ("i32", "i64", "f64", "d", "s", "b", "dt", "ts", "1", "1.5", "null", "interval 1 day")


def pairs(operands: Iterable[str]) -> list[str]:
    """Every form of PAIRS over every two operands."""
    both = list(itertools.product(operands, repeat=2))
    return [form.format(*two) for form in PAIRS for two in both]


def calls() -> list[str]:
    """Every function of one argument over every column."""
    return [f"{name}({column})" for name in lines("functions.txt") for column in COLUMNS]


def certain(expressions: Iterable[str]) -> dict[str, str]:
    """The expressions to which analysis gives a type."""
    found = {}
    for text in expressions:
        column = analyse(f"SELECT {text} AS x FROM serving.t", {"serving.t": COLUMNS}).columns[0]
        if column.type is not None:
            found[text] = column.type
    return found


def disagreements(engine: str, claimed: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Expression to (claimed, the engine's); what the engine cannot do is passed over."""
    texts = [text.replace("serving.t", "t") for text in claimed]
    found = zip(claimed.items(), answers(engine, "types", f"SELECT {ROW}", texts), strict=True)
    return {text: (ours, its) for (text, ours), its in found if its not in (None, ours)}


def test_types_equal_those_of_sail() -> None:
    claimed = certain([*lines("types.txt"), *pairs(FEW), *calls()[::9]])
    assert len(claimed) > 500
    assert disagreements("sail", claimed) == {}


@pytest.mark.slow
@pytest.mark.spark
@pytest.mark.timeout(600)
def test_types_equal_those_of_spark() -> None:
    claimed = certain([*lines("types.txt"), *pairs(FEW), *calls()[::3]])
    assert disagreements("spark", claimed) == {}


@pytest.mark.torture
@pytest.mark.timeout(600)
def test_types_over_every_pair_of_columns_equal_those_of_sail() -> None:
    claimed = certain([*pairs([*COLUMNS, "1L", "1e0"]), *calls()])
    assert disagreements("sail", claimed) == {}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("sum(i32)", "bigint"), ("avg(i32)", "double"), ("count(*)", "bigint"),
        ("sum(d)", "decimal(20,2)"), ("i32 / i32", "double"), ("count_if(b)", "bigint"),
        ("max(dt)", "date"), ("max_by(s, i32)", "string"), ("dt + 1", "date"),
        ("CASE WHEN b THEN i64 ELSE 0 END", "bigint"), ("coalesce(i32, i64)", "bigint"),
        ("b AND NOT b", "boolean"), ("ts + INTERVAL 5 MINUTES", "timestamp"),
        ("CAST(s AS decimal(12,3))", "decimal(12,3)"), ("collect_list(s)", "array<string>"),
    ],
)  # fmt: skip
def test_common_types_are_inferred(text: str, kind: str) -> None:
    assert certain([text]) == {text: kind}


@pytest.mark.parametrize(
    "text", ["datediff(dt, dt)", "d / 2", "d * 2", "coalesce(f64, 1.5)", "if(b, i32, i64)", "null"]
)
def test_what_engines_type_differently_has_no_type(text: str) -> None:
    assert certain([text]) == {}
