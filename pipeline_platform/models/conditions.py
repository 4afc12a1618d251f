"""Checks as SQL: what counts the failing rows, and what selects them."""

from collections.abc import Iterable
from dataclasses import dataclass

from pipeline_platform.contracts.models import TableCheck
from pipeline_platform.engine.engine import Parameter
from pipeline_platform.errors import DeclarationError


@dataclass(frozen=True)
class Condition:
    """`count`: an aggregate that counts failing rows; `failing`: true for rows to look at.

    Values stand as parameters in both. Of `unique`, both tell of rows that have a key at
    all: whether it repeats shows only in their groups.
    """

    count: str
    failing: str
    parameters: dict[str, Parameter]


def condition(check: TableCheck, prefix: str) -> Condition:
    """The SQL of one check over a table `t`; parameters are named `<prefix>_...`.

    Every check but `not_null` lets NULL pass; `unique` passes rows with NULL in any of
    its columns, as SQL's UNIQUE does.
    """
    columns = [f"t.{quoted(name)}" for name in check.columns]
    if check.kind == "unique":
        keyed = conjunction(f"{column} IS NOT NULL" for column in columns)
        return Condition(f"count_if({keyed})", keyed, {})
    failing, parameters = _failing(check, columns, prefix)
    return Condition(f"count_if({failing})", failing, parameters)


def _failing(
    check: TableCheck, columns: list[str], prefix: str
) -> tuple[str, dict[str, Parameter]]:
    if check.kind == "not_null":
        return "(" + " OR ".join(f"{column} IS NULL" for column in columns) + ")", {}
    if check.kind == "accepted_values":
        named: dict[str, Parameter] = {f"{prefix}_{n}": v for n, v in enumerate(check.values)}
        accepted = ", ".join(f":{name}" for name in named)
        tests = [f"{column} NOT IN ({accepted})" for column in columns]
        return "(" + " OR ".join(tests) + ")", named
    if check.kind == "range":
        return _outside(check, columns, prefix)
    if check.kind == "expression":
        return f"(NOT ({check.expression}\n))", {}
    raise DeclarationError(
        f"check {check.name!r} of kind {check.kind!r} is no condition on rows",
        known="not_null, unique, accepted_values, range, expression",
        remedy="evaluate a reference by a join",
    )


def _outside(
    check: TableCheck, columns: list[str], prefix: str
) -> tuple[str, dict[str, Parameter]]:
    tests: list[str] = []
    bounds: dict[str, Parameter] = {}
    for sign, name, bound in (("<", "min", check.minimum), (">", "max", check.maximum)):
        if bound is not None:
            bounds[f"{prefix}_{name}"] = int(bound) if float(bound).is_integer() else bound
            tests += [f"{column} {sign} :{prefix}_{name}" for column in columns]
    return "(" + (" OR ".join(tests) or "false") + ")", bounds


def conjunction(tests: Iterable[str]) -> str:
    """All of the tests that are not empty."""
    return " AND ".join(test for test in tests if test)


def quoted(name: str) -> str:
    """A column's name in backquotes."""
    return "`" + name.replace("`", "``") + "`"
