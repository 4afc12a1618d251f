"""The page on view functions says what the code does."""

from pathlib import Path

import pytest

from pipeline_platform.views import algebra
from pipeline_platform.views.algebra import Form
from pipeline_platform.views.splitting import split
from pipeline_platform_tests.views import page

PAGE = Path(__file__).parents[2] / "docs" / "view-functions.md"


@pytest.mark.parametrize("table", [page.functions, page.refusals, page.names_refused, page.scalars])
def test_the_page_holds_what_the_code_says(table: object) -> None:
    """Print them with `python -m pipeline_platform_tests.views.page`."""
    assert callable(table)
    assert table() in PAGE.read_text()


@pytest.mark.parametrize(("call", "kind", "form"), [row[:3] for row in page.FORMS])
def test_a_function_is_split_as_the_page_says(call: str, kind: str, form: Form) -> None:
    columns = dict.fromkeys(("y", "c", "v", "o"), "boolean") | {"x": kind or "boolean"}
    found = split(f"SELECT {call} AS a FROM serving.t", "t", columns)
    if form != algebra.ROW_COUNT:
        assert all(f"{text} AS " in found.partial for text in form.arguments)
    for number, state in enumerate(form.states if found.states else ()):
        assert f"{state.merge.format(s=f's{number}')} AS s{number}" in found.merge
    if not form.values and found.states:
        names = {f"s{n}": f"s{n}" for n in range(len(form.states))}
        assert f"{form.final.format(**names)} AS v0" in found.answer
