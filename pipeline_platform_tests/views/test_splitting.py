"""What a view's statement is split into: the three statements, outputs, fingerprint."""

from pathlib import Path

import pytest

from pipeline_platform.contracts.views import ROWS, View
from pipeline_platform.errors import ViewRefused
from pipeline_platform.views.splitting import split
from pipeline_platform_tests.views.golden import COLUMNS, SPLITS, parts, rendered

BY_CARRIER = "FROM serving.flights GROUP BY carrier"


@pytest.mark.parametrize("case", sorted(SPLITS.glob("*.sql")), ids=lambda case: case.stem)
def test_a_view_is_split_as_its_golden_text_says(case: Path) -> None:
    assert rendered(case) == case.with_suffix(".txt").read_text()


def fingerprint(sql: str) -> str:
    return View("v", "flights", sql, (), parts(sql)).fingerprint(0)


def test_spaces_and_comments_rebuild_nothing() -> None:
    plain = f"SELECT carrier, sum(distance) AS far {BY_CARRIER}"
    spaced = plain.replace(" ", "\n  ").replace("sum", "-- miles\nsum") + " /* all */ ;"
    assert fingerprint(plain) == fingerprint(spaced)


def test_what_only_decides_the_answer_rebuilds_nothing() -> None:
    plain = f"SELECT carrier, sum(distance) AS far {BY_CARRIER}"
    other = f"SELECT upper(carrier) AS c, sum(distance) / 2 AS half {BY_CARRIER}"
    having = f"{plain} HAVING sum(distance) > 7"
    assert fingerprint(plain) == fingerprint(other) == fingerprint(having)
    assert fingerprint(plain) != fingerprint(plain.replace("sum", "max"))


def test_the_columns_of_a_dimension_decide_which_pins_are_kept() -> None:
    def pinned(sql: str) -> object:
        view = View("v", "flights", sql, (), parts(sql))
        (table,) = view.split.pinned
        return view.pinned(table)

    joined = "FROM serving.flights AS f JOIN warehouse.dim_carrier AS d ON d.carrier = f.carrier"
    one = f"SELECT d.home, count(*) AS n {joined} GROUP BY d.home"
    other = f"SELECT count(DISTINCT d.home) AS n {joined.replace('JOIN', 'LEFT JOIN')}"
    assert pinned(one) == pinned(other) != pinned(one.replace("home", "name"))
    assert fingerprint(one) != fingerprint(other)


@pytest.mark.parametrize(
    "text",
    [
        "percentile_cont",  # inside a string it is no function
        "its -- no comment",
        "/* none */ FROM serving.flights WHERE",
    ],
)
def test_strings_stay_as_they_are(text: str) -> None:
    found = parts(f"SELECT count_if(origin = '{text}') AS n FROM serving.flights")
    assert f"origin = '{text}'" in found.partial


def test_one_state_serves_all_that_need_it() -> None:
    found = parts(
        "SELECT carrier, avg(price) AS a, sum(price) AS b, count(price) AS c, "
        f"sum(price) / count(price) AS d, count(*) AS n, count(1) AS m {BY_CARRIER}"
    )
    assert found.states == ("s0", "s1")


def test_an_engine_may_be_asked_for_a_type() -> None:
    asked: list[str] = []

    def types(query: str) -> str:
        asked.append(query)
        return "decimal(21,2)"

    sql = f"SELECT carrier, sum(f.price * 2) AS paid {BY_CARRIER.replace('flights', 'flights f')}"
    found = split(sql, "flights", COLUMNS, types=types)
    assert asked == [f"SELECT f.price * 2 AS value FROM {ROWS} AS f"]
    assert "CAST(sum(s0) AS decimal(31,2))" in found.merge


@pytest.mark.parametrize(
    ("item", "grouped", "text"),
    [
        ("f.Carrier", "carrier", "_g.k0"),
        ("lower( CARRIER )", "lower(f.carrier)", "_g.k0"),
        ("plane.seats + 1", "f.plane", "_g.k0.seats + 1"),
        ("plane.engine.kind", "plane.engine", "_g.k0.kind"),
        ("2 * (distance + 1)", "distance + 1", "2 * (_g.k0)"),
        ("greatest(distance + 1, 3)", "distance + 1", "greatest(_g.k0, 3)"),
        ("CASE WHEN cancelled THEN distance + 1 END", "cancelled, distance + 1",
         "CASE WHEN _g.k0 THEN _g.k1 END"),
        ("1 + tags[0] || 'x'", "tags[0]", "1 + _g.k0 || 'x'"),
        ("2 * CASE WHEN cancelled THEN 1 END", "CASE WHEN cancelled THEN 1 END", "2 * _g.k0"),
        ("2 * (distance + 1)", "(distance + 1)", "2 * _g.k0"),
        ("upper(lower(carrier))", "carrier, lower(carrier)", "upper(_g.k1)"),
        ("transform(tags, carrier -> carrier || origin)", "tags, origin",
         "transform(_g.k0, carrier -> carrier || _g.k1)"),
    ],
)  # fmt: skip
def test_a_key_is_known_wherever_it_is_an_operand(item: str, grouped: str, text: str) -> None:
    sql = f"SELECT {item} AS x, count(*) AS n FROM serving.flights AS f GROUP BY {grouped}"
    assert parts(sql).answer.startswith(f"SELECT {text} AS x, ")


@pytest.mark.parametrize(
    ("item", "grouped"),
    [
        ("2 * distance + 1", "distance + 1"),
        ("CASE WHEN cancelled THEN 1 END + CASE WHEN cancelled THEN 2 END * 3",
         "CASE WHEN cancelled THEN 1 END + CASE WHEN cancelled THEN 2 END"),
        ("NOT cancelled = true", "cancelled = true"),
        ("plane.engine.kind || 'x'", "plane.engine.kind || 'x' || 'y'"),
        ("transform(tags, x -> carrier)", "tags"),
    ],
)  # fmt: skip
def test_words_that_only_look_like_a_key_are_none(item: str, grouped: str) -> None:
    with pytest.raises(ViewRefused) as caught:
        parts(f"SELECT {item} AS x, count(*) AS n FROM serving.flights GROUP BY {grouped}")
    assert caught.value.code == "not_a_key"


def test_names_may_be_keywords() -> None:
    found = split(
        "SELECT `select`, first, count(order.distinct) AS `from`, sum(all) AS all "
        "FROM serving.order GROUP BY `select`, first",
        "order", {"select": "string", "first": "string", "distinct": "int", "all": "int"},
    )  # fmt: skip
    assert "`order`._day AS _day, `select` AS k0, first AS k1" in found.partial
    assert found.answer.startswith("SELECT _g.k0 AS `select`, _g.k1 AS `first`, ")
