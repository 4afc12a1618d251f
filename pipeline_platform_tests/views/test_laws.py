"""Laws of merging: any grouping, any order, nothing added by nothing."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from pipeline_platform.contracts.views import PINNED_DAY, ROWS, STATES, Split
from pipeline_platform.engine.sail import SailEngine
from pipeline_platform.views.trial import as_arrow
from pipeline_platform_tests.views.golden import SPLITS, parts

MIDNIGHT = datetime(2013, 3, 1, tzinfo=UTC)
SCHEMA = pa.schema(
    {
        "carrier": pa.string(), "origin": pa.string(), "dest": pa.string(),
        "tailnum": pa.string(), "scheduled_at": pa.timestamp("us", "UTC"),
        "dep_delay": pa.int32(), "distance": pa.int64(), "temp": pa.float64(),
        "cancelled": pa.bool_(), "price": pa.decimal128(10, 2), "fine": pa.decimal128(38, 6),
        "tags": pa.list_(pa.string()),
        "plane": pa.struct({"seats": pa.int32(), "engine": pa.struct({"kind": pa.string()})}),
        "_day": pa.date32(),
    }
)  # fmt: skip
DIMENSIONS = {
    "warehouse.dim_carrier": {"carrier": ["A", "C"], "name": ["Alba", None], "home": ["x", "y"]},
    "warehouse.dim_gate": {"airport": ["x", "y"], "gate": ["x", "z"], "walk": [7, 9]},
}
Rows = list[dict[str, Any]]


def generated(random: Random, count: int) -> Rows:
    """Rows in which values repeat, a fifth are NULL, and sums of doubles are exact."""

    def some(value: Any) -> Any:
        return None if random.random() < 0.2 else value

    return [
        {
            **{name: some(random.choice("xyz")) for name in ("origin", "dest", "tailnum")},
            "carrier": some(random.choice("ABC")),
            "scheduled_at": some(MIDNIGHT + timedelta(minutes=30 * random.randrange(200))),
            "dep_delay": some(random.randrange(-5, 40)),
            "distance": some(random.randrange(9)),
            "temp": some(random.randrange(-80, 80) / 4),
            "cancelled": some(random.random() < 0.3),
            "price": some(Decimal(random.randrange(9_999)).scaleb(-2)),
            "tags": some(["a"] * random.randrange(3)),
            "plane": some({"seats": 2, "engine": some({"kind": random.choice("jp")})}),
            "_day": MIDNIGHT.date() + timedelta(days=random.randrange(3)),
        }
        for _ in range(count)
    ]


class Algebra:
    """Partial, merge and answer of one split on one engine."""

    def __init__(self, engine: SailEngine, split: Split) -> None:
        self.engine, self.split = engine, split
        self.answer_text = split.answer
        self.pinned = {p.token: f"law{p.token}" for p in split.pinned}
        for p in split.pinned:
            rows = pl.DataFrame(DIMENSIONS[p.table]).select(*p.columns)
            days = pl.DataFrame({PINNED_DAY: [MIDNIGHT.date() + timedelta(days=n) for n in (0, 1)]})
            of_days = rows.join(days, how="cross")
            engine.frame(self.pinned[p.token], as_arrow(of_days, {**p.columns, PINNED_DAY: "date"}))
        for number, table in enumerate(split.dimensions):
            engine.frame(f"law_dimension{number}", pa.table(DIMENSIONS[table]))
            named = f"law_dimension{number} AS {table.split('.')[1]}"
            aliased = f"{table} AS "
            kept = f"law_dimension{number} AS " if aliased in split.answer else named
            self.answer_text = self.answer_text.replace(
                aliased if aliased in split.answer else table, kept
            )

    def partial(self, rows: Rows) -> pa.Table:
        text = self.split.partial_over(ROWS, self.pinned)
        return self._run(text, ROWS, pa.Table.from_pylist(rows, SCHEMA))

    def merge(self, *states: pa.Table) -> pa.Table:
        return self._run(self.split.merge, STATES, pa.concat_tables(states))

    def answer(self, *states: pa.Table) -> pa.Table:
        return self._run(self.answer_text, STATES, pa.concat_tables(states))

    def _run(self, text: str, token: str, rows: pa.Table) -> pa.Table:
        name = f"law{token}"
        if rows.num_rows:
            self.engine.frame(name, rows)
        else:
            empty = pa.table([pa.nulls(1, field.type) for field in rows.schema], rows.schema)
            self.engine.frame(f"{name}_one", empty)
            self.engine.sql(f"SELECT * FROM {name}_one WHERE false").createOrReplaceTempView(name)
        found = self.engine.collect(self.engine.sql(text.replace(token, name), where=text))
        return found.cast(pa.schema([pa.field(f.name, f.type) for f in found.schema]))


def bag(table: pa.Table) -> Counter[str]:
    """Rows without order; bytes of sketches stand for themselves in answers only."""
    plain = [f.name for f in table.schema if not pa.types.is_binary(f.type)]
    return Counter(repr(row) for row in table.select(plain).to_pylist())


def shared(random: Random, rows: Rows, parts: int) -> list[Rows]:
    """The rows in parts, some of which may be empty."""
    found: list[Rows] = [[] for _ in range(parts)]
    for row in rows:
        random.choice(found).append(row)
    return found


@pytest.mark.parametrize("case", sorted(SPLITS.glob("*.sql")), ids=lambda case: case.stem)
def test_merging_is_a_commutative_monoid(engine: SailEngine, case: Path) -> None:
    random = Random(case.stem)
    algebra = Algebra(engine, parts(case.read_text()))
    rows = generated(random, 90)
    a, b, c = (algebra.partial(part) for part in shared(random, rows, 3))
    nothing = algebra.partial([])
    assert nothing.num_rows == 0 and nothing.schema.names == list(algebra.split.columns)
    merge, whole = algebra.merge, algebra.merge(a, b, c)
    assert whole.schema == a.schema == nothing.schema
    expected = bag(whole)
    assert bag(merge(merge(a, b), c)) == bag(merge(a, merge(b, c))) == expected
    assert bag(merge(c, a, b)) == bag(merge(whole)) == expected
    assert bag(merge(whole, nothing)) == bag(algebra.partial(rows)) == expected
    answers = [
        bag(algebra.answer(*states))
        for states in ([a, b, c], [c, merge(b, a)], [whole], [whole, nothing])
    ]
    assert answers == [bag(algebra.answer(algebra.partial(rows)))] * 4
    assert sum(whole["_rows"].to_pylist()) == sum(
        part for one in (a, b, c) for part in one["_rows"].to_pylist()
    )


def of(engine: SailEngine, sql: str, *rows: Sequence[Any]) -> list[dict[str, Any]]:
    """The answer over rows of (day, carrier, tailnum, distance), each in a part of its own."""
    algebra = Algebra(engine, parts(sql))
    names = ("_day", "carrier", "tailnum", "distance")
    made = [algebra.partial([dict(zip(names, row, strict=True))]) for row in rows]
    return algebra.answer(algebra.partial([]), *made).to_pylist()  # type: ignore[no-any-return]


ONE, TWO = date(2013, 3, 1), date(2013, 3, 2)


def test_days_are_merged_before_they_are_finished(engine: SailEngine) -> None:
    sql = (
        "SELECT carrier, avg(distance) AS far, count(DISTINCT tailnum) AS planes, "
        "hll_sketch_estimate(hll_sketch_agg(tailnum)) AS about FROM serving.flights "
        "GROUP BY carrier HAVING count(*) > 2"
    )
    rows = [(ONE, "A", "x", 1), (TWO, "A", "x", 4), (TWO, "A", "y", 4), (TWO, "B", "x", 1)]
    assert of(engine, sql, *rows) == [{"carrier": "A", "far": 3.0, "planes": 2, "about": 2}]


def test_a_key_that_is_null_is_one_group(engine: SailEngine) -> None:
    sql = (
        "SELECT carrier, count(DISTINCT tailnum) AS planes, count(DISTINCT distance) AS d, "
        "count(*) AS n FROM serving.flights GROUP BY carrier"
    )
    rows = [(ONE, None, "x", None), (TWO, None, "x", 3), (TWO, None, None, 3)]
    assert of(engine, sql, *rows) == [{"carrier": None, "planes": 1, "d": 1, "n": 3}]


def test_nothing_has_the_answer_that_sql_gives(engine: SailEngine) -> None:
    sql = (
        "SELECT count(*) AS n, count_if(distance > 1) AS some, sum(distance) AS far, "
        "avg(distance) AS mean, count(DISTINCT tailnum) AS planes, max_by(carrier, distance) AS c, "
        "hll_sketch_estimate(hll_sketch_agg(tailnum)) AS about, "
        "slice(sort_array(collect_list(distance), false), 1, 2) AS top FROM serving.flights"
    )
    (row,) = of(engine, sql)
    assert row == {
        "n": 0, "some": 0, "far": None, "mean": None, "planes": 0, "c": None, "about": 0, "top": [],
    }  # fmt: skip
    assert of(engine, sql.replace("FROM", ", carrier FROM") + " GROUP BY carrier") == []


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("max_by(tailnum, distance)", "y"),  # among equals the largest
        ("min_by(tailnum, distance)", "a"),  # no order, no answer
        ("max_by(tailnum, struct(distance, carrier))", "x"),  # in a struct NULL is smallest
        ("min_by(tailnum, struct(distance, carrier))", "z"),
        ("max_by(distance, carrier)", 7),  # a value before none
    ],
)
def test_equals_and_nulls_are_decided_on_every_engine(
    engine: SailEngine, order: str, expected: Any
) -> None:
    rows = [
        (ONE, None, "y", 7), (TWO, "B", "x", 7), (TWO, "B", "a", 1), (ONE, "A", "z", None),
        (TWO, "B", None, None), (ONE, "A", None, 7),
    ]  # fmt: skip
    for turned in (rows, rows[::-1]):
        (row,) = of(engine, f"SELECT {order} AS v FROM serving.flights", *turned)
        assert row["v"] == expected
