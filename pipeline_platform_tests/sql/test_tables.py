"""Only the names of tables change; the rest of the text stays as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_platform.errors import DeclarationError
from pipeline_platform.sql.tables import referenced_tables, substitute_tables

TEXT = """-- serving.flights in a comment
WITH flights AS (SELECT * FROM /* serving.weather */ `serving`.`flights`),
  weather AS (SELECT * FROM flights)
SELECT 'serving.flights' AS `serving.flights`, serving.weather.temp, weather.wind_speed, f.a
FROM Serving.Flights   f
LEFT JOIN serving.weather ON f.origin = serving.weather.origin, weather AS w2
WHERE f.x IN (SELECT x FROM serving.flights AS g) AND "serving.flights" <> ''
"""
WANTED = """-- serving.flights in a comment
WITH flights AS (SELECT * FROM /* serving.weather */ v_1 AS flights),
  weather AS (SELECT * FROM flights)
SELECT 'serving.flights' AS `serving.flights`, weather.temp, weather.wind_speed, f.a
FROM v_1   f
LEFT JOIN v_2 AS weather ON f.origin = weather.origin, weather AS w2
WHERE f.x IN (SELECT x FROM v_1 AS g) AND "serving.flights" <> ''
"""
NAMES = {"serving.flights": "v_1", "serving.weather": "v_2"}


def test_every_mention_is_found_with_its_place() -> None:
    found = referenced_tables(TEXT)
    assert [(ref.name, ref.line, ref.column) for ref in found] == [
        ("serving.flights", 2, 54),
        ("serving.flights", 5, 6),
        ("serving.weather", 6, 11),
        ("serving.flights", 7, 29),
    ]
    assert [TEXT[ref.start : ref.end] for ref in found][:2] == [
        "`serving`.`flights`",
        "Serving.Flights",
    ]


def test_only_tables_are_replaced() -> None:
    assert substitute_tables(TEXT, NAMES) == WANTED


def test_other_tables_stay() -> None:
    assert substitute_tables(TEXT, {"mart.x": "v"}) == TEXT


def test_a_cte_is_visible_after_itself_and_in_nested_queries_only() -> None:
    text = "WITH a AS (SELECT * FROM a), b AS (SELECT * FROM a) SELECT * FROM (SELECT * FROM b)"
    assert [(ref.name, ref.column) for ref in referenced_tables(text)] == [("a", 26)]


@pytest.mark.parametrize("tail", ["VERSION AS OF 3", "TABLESAMPLE (10 PERCENT)"])
def test_versions_and_samples_are_refused(tail: str) -> None:
    with pytest.raises(DeclarationError, match=r"m\.sql:1:15"):
        referenced_tables(f"SELECT * FROM serving.flights {tail}", "m.sql")


_FILLER = st.sampled_from(
    [" ", "\n", "\t", " /* FROM serving.flights */ ", " -- serving.weather é\n", " /**/ "]
)


@given(st.lists(_FILLER, min_size=12, max_size=12), st.sampled_from(["", " x", " AS x"]))
def test_what_lies_between_the_words_survives(fill: list[str], alias: str) -> None:
    words = ["SELECT", "'serving.flights'", "AS", "a", "FROM", "serving.flights" + alias]
    words += ["WHERE", "'é😀'", "=", "`b`"]
    pieces = [piece for pair in zip(fill, words, strict=False) for piece in pair]
    wanted = [
        "v_1" + (alias or " AS flights") if "rving.flights" in p and p[0] == "s" else p
        for p in pieces
    ]
    assert substitute_tables("".join(pieces), NAMES) == "".join(wanted)
