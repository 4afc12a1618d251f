"""Arithmetic over columns: names, numbers, `+ - * /` and brackets."""

import ast
import operator
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from pipeline_platform.errors import DeclarationError

if TYPE_CHECKING:
    import polars as pl

_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


def names_in(expression: str, *, where: str = "") -> tuple[str, ...]:
    """The columns that `expression` names, each once.

    Raises DeclarationError for what is no arithmetic.
    """
    body = _parsed(expression, where)
    _check(body, expression, where)
    return tuple(dict.fromkeys(n.id for n in ast.walk(body) if isinstance(n, ast.Name)))


def arithmetic(expression: str, column: "Callable[[str], pl.Expr]") -> "pl.Expr":
    """The value as a Polars expression; `column` gives the expression of a name.

    NULL in gives NULL out; so does a division by zero.
    """
    import polars as pl

    body = _parsed(expression, "")
    _check(body, expression, "")
    number = _value(body, lambda name: column(name).cast(pl.Float64))
    return pl.when(number.is_finite()).then(number)


def _parsed(expression: str, where: str) -> ast.expr:
    try:
        return ast.parse(expression.strip(), mode="eval").body
    except SyntaxError as error:
        raise _refused(expression, where, str(error.msg)) from None


def _check(node: ast.expr, whole: str, where: str) -> None:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        _check(node.operand, whole, where)
    elif isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        _check(node.left, whole, where)
        _check(node.right, whole, where)
    elif not isinstance(node, ast.Name) and not _is_number(node):
        raise _refused(whole, where, f"{ast.unparse(node)!r} is none of these")


def _is_number(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _value(node: ast.expr, column: "Callable[[str], pl.Expr]") -> "pl.Expr":
    import polars as pl

    if isinstance(node, ast.BinOp):
        left, right = _value(node.left, column), _value(node.right, column)
        return cast("pl.Expr", _OPERATORS[type(node.op)](left, right))
    if isinstance(node, ast.UnaryOp):
        return -_value(node.operand, column)
    if isinstance(node, ast.Name):
        return column(node.id)
    return pl.lit(float(cast(ast.Constant, node).value))  # type: ignore[arg-type]


def _refused(expression: str, where: str, reason: str) -> DeclarationError:
    return DeclarationError(
        f"{expression!r} is no arithmetic over columns: {reason}",
        where=where,
        known="column names, numbers, + - * / and brackets",
        remedy="compute anything else as a column in the SQL of the mart",
    )
