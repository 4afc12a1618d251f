"""Every view that does not split says why, where, and what to write instead."""

from pathlib import Path

import pytest

from pipeline_platform.errors import ViewRefused
from pipeline_platform.sql.view_functions import AGGREGATES, REFUSED, SCALARS
from pipeline_platform.sql.view_refusals import REFUSALS
from pipeline_platform_tests.views.golden import REFUSALS as FOLDER
from pipeline_platform_tests.views.golden import parts, rendered

CASES = sorted(FOLDER.glob("*.sql"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_a_view_is_refused_as_its_golden_text_says(case: Path) -> None:
    expected = case.with_suffix(".txt").read_text()
    assert rendered(case) == expected
    code, first, *_ = expected.splitlines()
    assert first.startswith(f"{case.name}:") and "Known: " in expected
    assert "What to do: " in expected
    assert code in REFUSALS or code in ("DeclarationError", "UnknownName")


def test_every_code_has_a_golden_case() -> None:
    shown = {case.with_suffix(".txt").read_text().split("\n")[0] for case in CASES}
    assert set(REFUSALS) <= shown


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_every_refused_function_is_refused_by_its_code(name: str) -> None:
    with pytest.raises(ViewRefused) as caught:
        parts(f"SELECT carrier, max({name}(tailnum)) AS x FROM serving.flights GROUP BY carrier")
    assert caught.value.code in (REFUSED[name], "nested_aggregate")


def test_a_function_is_taken_or_refused_but_not_both() -> None:
    listed = {"collect_list", "array_agg"}  # taken inside slice(sort_array(...)) alone
    assert AGGREGATES & set(REFUSED) == listed
    assert not SCALARS & (AGGREGATES | set(REFUSED))
    assert set(REFUSED.values()) <= set(REFUSALS)
