"""Types between Spark's words, Arrow and Delta."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_platform.contracts.types import DataType
from pipeline_platform.errors import WriteRefused
from pipeline_platform.lake.schema import (
    arrow_schema,
    arrow_type,
    delta_json,
    from_delta_json,
    misfits,
    spark_type,
    standard,
)

SIMPLE = (
    *("string", "boolean", "tinyint", "smallint", "int", "bigint"),
    *("float", "double", "date", "timestamp", "binary"),
)
names = st.from_regex(r"[a-z][a-z0-9_]{0,5}", fullmatch=True)
types = st.recursive(
    st.sampled_from([*SIMPLE, "decimal(10,2)", "decimal(38,0)"]),
    lambda inner: st.one_of(
        inner.map("array<{}>".format),
        st.dictionaries(names, inner, min_size=1, max_size=3).map(
            lambda fields: "struct<" + ",".join(f"{n}:{t}" for n, t in fields.items()) + ">"
        ),
    ),
    max_leaves=4,
)


@given(types)
def test_spark_words_survive_arrow(kind: str) -> None:
    assert spark_type(arrow_type(DataType.parse(kind))) == str(DataType.parse(kind))


@given(st.dictionaries(names, st.tuples(types, st.booleans(), st.text(max_size=5)), max_size=4))
def test_schemas_survive_delta(columns: dict[str, tuple[str, bool, str]]) -> None:
    given_schema = arrow_schema(
        [(name, kind, nullable) for name, (kind, nullable, _) in columns.items()],
        {name: said for name, (_, _, said) in columns.items()},
    )
    back = from_delta_json(delta_json(given_schema))
    assert back.equals(given_schema, check_metadata=True)
    assert standard(given_schema, where="").equals(given_schema, check_metadata=True)


@pytest.mark.parametrize(
    "kind",
    [
        pa.uint64(),
        pa.timestamp("ns", "UTC"),
        pa.timestamp("us"),
        pa.timestamp("us", "Europe/Rome"),
        pa.time64("us"),
        pa.float16(),
        pa.decimal256(50, 2),
        pa.list_(pa.uint8()),
        pa.null(),
    ],
    ids=str,
)
def test_what_delta_would_cast_silently_is_refused(kind: pa.DataType) -> None:
    with pytest.raises(WriteRefused, match="'x' has type"):
        standard(pa.schema([("x", kind)]), where="serving.x")


@pytest.mark.parametrize(
    ("kind", "stored"),
    [
        (pa.large_string(), pa.string()),
        (pa.string_view(), pa.string()),
        (pa.large_binary(), pa.binary()),
        (pa.large_list(pa.string_view()), pa.list_(pa.field("element", pa.string()))),
    ],
    ids=str,
)
def test_wide_layouts_are_the_same_type(kind: pa.DataType, stored: pa.DataType) -> None:
    assert standard(pa.schema([("x", kind)]), where="").field("x").type == stored


def test_misfits() -> None:
    table = arrow_schema([("a", "int", False), ("b", "string", True)])
    assert misfits(arrow_schema([("a", "int", True)]), table) == []
    rows = arrow_schema([("b", "bigint", True), ("c", "int", True)])
    assert misfits(rows, table) == [
        "b is bigint, not string",
        "c is not a column of the table",
        "a is required",
    ]
