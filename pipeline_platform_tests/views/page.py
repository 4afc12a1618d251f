"""Tables of the page on view functions, made from the code.

`python -m pipeline_platform_tests.views.page` prints them.
"""

from collections.abc import Iterable, Sequence

from pipeline_platform.contracts.types import DataType
from pipeline_platform.sql.view_functions import REFUSED, SCALARS
from pipeline_platform.sql.view_refusals import REFUSALS
from pipeline_platform.views import algebra
from pipeline_platform.views.algebra import Form

SAME = ("min", "max", "bool_and", "bool_or", "every", "some", "any", "bit_and", "bit_or", "bit_xor")
EXACT, LOOSE = "exact", "within a tolerance"
FORMS: list[tuple[str, str, Form, str]] = [
    ("count(*)", "", algebra.counted(("1",)), EXACT),
    ("count(x)", "", algebra.counted(("x",)), EXACT),
    ("count(x, y)", "", algebra.counted(("x", "y")), EXACT),
    ("count_if(c)", "", algebra.count_if("c"), EXACT),
    ("sum(x)", "bigint", algebra.summed("x", DataType("bigint")), EXACT),
    ("sum(x)", "decimal(10,2)", algebra.summed("x", DataType("decimal", 10, 2)), EXACT),
    ("sum(x)", "double", algebra.summed("x", DataType("double")), LOOSE),
    ("avg(x)", "int", algebra.averaged("x", DataType("int")), EXACT),
    ("avg(x)", "bigint", algebra.averaged("x", DataType("bigint")), "exact, engines are not"),
    ("avg(x)", "decimal(10,2)", algebra.averaged("x", DataType("decimal", 10, 2)), EXACT),
    ("avg(x)", "double", algebra.averaged("x", DataType("double")), LOOSE),
    *((f"{name}(x)", "", algebra.same(name, "x"), EXACT)
      for name in SAME),
    ("max_by(v, o)", "", algebra.by_order("max_by", "v", "o"), EXACT),
    ("min_by(v, o)", "", algebra.by_order("min_by", "v", "o"), EXACT),
    ("slice(sort_array(collect_list(x), false), 1, 3)", "", algebra.top("x", 3, True), EXACT),
    ("slice(sort_array(collect_list(x)), 1, 3)", "", algebra.top("x", 3, False), EXACT),
    ("count(DISTINCT x)", "", algebra.distinct(("x",)), EXACT),
    ("hll_sketch_estimate(hll_sketch_agg(x, 12))", "", algebra.hll("x", 12), "an estimate"),
    ("theta_sketch_estimate(theta_sketch_agg(x, 12))", "", algebra.theta("x", 12), "an estimate"),
]  # fmt: skip


def functions() -> str:
    """Each aggregate with its states, their merge, and how it is finished."""
    rows = [
        (f"`{call}`" + (f" of {kind}" if kind else ""), *_texts(form), how)
        for call, kind, form, how in FORMS
    ]
    return _table(("function", "partial", "merge", "final", "result"), rows)


def _texts(form: Form) -> tuple[str, str, str]:
    if form.values:
        return "one row for each value", "one row for each value", "`count(value)`"
    given = {f"a{n}": text for n, text in enumerate(form.arguments)}
    names = [f"s{n}" for n in range(len(form.states))]
    partial = ", ".join(f"`{state.partial.format(**given)}`" for state in form.states)
    merge = ", ".join(
        f"`{state.merge.format(s=name)}`" for name, state in zip(names, form.states, strict=True)
    )
    return partial, merge, f"`{form.final.format(**{name: name for name in names})}`"


def refusals() -> str:
    """Every code with what it refuses, why, and what to write instead."""
    rows = [
        (f"`{code}`", _plain(refusal.what, code), refusal.reason, _plain(refusal.alternative, code))
        for code, refusal in REFUSALS.items()
    ]
    return _table(("code", "refused", "because", "instead"), rows)


def _plain(text: str, code: str) -> str:
    return text.replace("{name}", {"no_stream": "<stream>"}.get(code, "..."))


def names_refused() -> str:
    """The functions that are refused, by code."""
    codes = dict.fromkeys(REFUSED.values())
    rows = [
        (f"`{code}`", ", ".join(f"`{name}`" for name in REFUSED if REFUSED[name] == code))
        for code in codes
    ]
    return _table(("code", "functions"), rows)


def scalars() -> str:
    """The functions of one row that are taken."""
    return ", ".join(f"`{name}`" for name in sorted(SCALARS))


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |".replace("| --- ", "|---") for cells in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    for part in (functions(), refusals(), names_refused(), scalars()):
        print(part, end="\n\n")
