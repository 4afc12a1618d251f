"""Between which values a condition keeps the columns that it names."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from sqlglot import exp

from pipeline_platform.errors import DeclarationError
from pipeline_platform.sql.parsing import Source, parse_expression

Bounds = dict[str, tuple[Any, Any]]
_INTEGERS = ("bigint", "int", "smallint", "tinyint")


def _instant(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


_VALUES: dict[str, Callable[[str], Any]] = {
    "string": str,
    "date": date.fromisoformat,
    "timestamp": _instant,
    **dict.fromkeys(_INTEGERS, int),
}


def bounds(condition: str, types: Mapping[str, str]) -> Bounds:
    """Inclusive (low, high) by column, None for open, that hold wherever `condition` does.

    `types` are the columns' Spark types. Only comparisons with literals that are joined by
    AND count; what is not understood bounds nothing.
    """
    try:
        tree = parse_expression(Source(condition))
    except DeclarationError:
        return {}
    found: Bounds = {}
    for name, low, high in _terms(tree, {name.lower(): name for name in types}, types):
        before = found.get(name, (None, None))
        found[name] = (_most(before[0], low, max), _most(before[1], high, min))
    return found


def _most(one: Any, other: Any, better: Callable[[Any, Any], Any]) -> Any:
    if one is None or other is None:
        return other if one is None else one
    return better(one, other)


def _terms(
    node: exp.Expr, names: Mapping[str, str], types: Mapping[str, str]
) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(node, exp.And):
        yield from _terms(node.this, names, types)
        yield from _terms(node.expression, names, types)
        return
    if isinstance(node, exp.Paren):
        yield from _terms(node.this, names, types)
        return
    name = _column(node.this, names)
    if name is None:
        return
    values = [_value(value, types[name]) for value in _against(node)]
    if not values or None in values:
        return
    if isinstance(node, exp.EQ | exp.In | exp.Between):
        yield name, min(values), max(values)
    elif isinstance(node, exp.GT | exp.GTE):
        yield name, values[0], None
    elif isinstance(node, exp.LT | exp.LTE):
        yield name, None, values[0]


def _against(node: exp.Expr) -> list[exp.Expr]:
    if isinstance(node, exp.In):
        return list(node.expressions)
    if isinstance(node, exp.Between):
        return [node.args["low"], node.args["high"]]
    return [node.expression] if isinstance(node, exp.Binary) else []


def _column(node: Any, names: Mapping[str, str]) -> str | None:
    if not isinstance(node, exp.Column) or node.table:
        return None
    return names.get(node.name.lower())


def _value(node: exp.Expr, kind: str) -> Any:
    """The literal as a value of the column's type; None where it is no such literal."""
    written, read = _literal(node), _VALUES.get(kind)
    if written is None or read is None:
        return None
    if kind == "string" and not (isinstance(node, exp.Literal) and node.is_string):
        return None
    try:
        return read(written)
    except ValueError:
        return None


def _literal(node: exp.Expr) -> str | None:
    if isinstance(node, exp.Cast):
        return _literal(node.this)
    if isinstance(node, exp.Neg):
        inner = _literal(node.this)
        return None if inner is None else f"-{inner}"
    return str(node.this) if isinstance(node, exp.Literal) else None
