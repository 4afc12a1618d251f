"""Type and sources of an expression within a scope."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from sqlglot import exp

from pipeline_platform.contracts.types import DataType
from pipeline_platform.sql import functions, types
from pipeline_platform.sql.parsing import parts
from pipeline_platform.sql.scope import Field, Scope, merge
from pipeline_platform.sql.types import Type

Subquery = Callable[[exp.Expr, Scope], list[Field]]

_OPERATORS: dict[type[exp.Expr], str] = {
    exp.Add: "+",
    exp.Sub: "-",
    exp.Mul: "*",
    exp.Div: "/",
    exp.Mod: "%",
    exp.IntDiv: "div",
}
_FIXED: dict[type[exp.Expr], DataType] = {
    exp.Boolean: types.BOOLEAN,
    exp.Null: types.VOID,
    exp.Not: types.BOOLEAN,
    exp.Trim: types.STRING,
    exp.Substring: types.STRING,
    exp.StrPosition: types.INT,
    exp.CurrentDate: types.DATE,
    exp.CurrentTimestamp: types.TIMESTAMP,
    exp.Interval: types.INTERVAL,
}
_SAME = (exp.Alias, exp.Paren, exp.Window, exp.Filter, exp.IgnoreNulls, exp.RespectNulls)
_UNIT_FIRST = frozenset({"timestampadd", "timestampdiff", "dateadd", "datediff", "date_add"})
_INT_PARTS = frozenset({"YEAR", "QUARTER", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "DOY"})
_CASTS = {
    "TEXT": "string", "VARCHAR": "string", "INT": "int", "BIGINT": "bigint", "DOUBLE": "double",
    "FLOAT": "float", "SMALLINT": "smallint", "TINYINT": "tinyint", "BOOLEAN": "boolean",
    "DATE": "date", "TIMESTAMPTZ": "timestamp", "BINARY": "binary",
}  # fmt: skip


class Inferred(NamedTuple):
    """What is known of an expression: its type or None, and `layer.table.column` it reads."""

    type: Type
    sources: tuple[str, ...] = ()


class Inference:
    """Resolves every name of an expression; types it where all engines agree."""

    def __init__(self, subquery: Subquery) -> None:
        self._subquery = subquery

    def of(self, node: exp.Expr, scope: Scope) -> Inferred:
        """Type and sources of `node`. UnknownName or DeclarationError at the wrong token."""
        if isinstance(node, exp.Column | exp.Dot):
            return self._name(node, scope)
        if isinstance(node, exp.Exists):
            self._subquery(node.this, scope)
            return Inferred(types.BOOLEAN)
        if isinstance(node, exp.Subquery | exp.Select | exp.SetOperation):
            fields = self._subquery(node, scope)
            return Inferred(fields[0].type, merge(f.sources for f in fields))
        inner = [self.of(child, scope) for child in _children(node)]
        return Inferred(self._type(node, inner, scope), merge(i.sources for i in inner))

    def all(self, nodes: Iterable[exp.Expr], scope: Scope) -> list[Inferred]:
        """`of` each."""
        return [self.of(node, scope) for node in nodes]

    def _name(self, node: exp.Expr, scope: Scope) -> Inferred:
        bottom = node
        while isinstance(bottom, exp.Dot):
            bottom = bottom.this
        if isinstance(bottom, exp.Identifier):
            return Inferred(None)
        if isinstance(node, exp.Column) and isinstance(node.this, exp.Star):
            fields = [f for r in _starred(node, scope) for f in r]
            return Inferred(None, merge(f.sources for f in fields))
        if isinstance(bottom, exp.Column):
            field = scope.resolve(list(parts(node)))
            return Inferred(field.type, field.sources)
        owner = self.of(node.this, scope)
        if isinstance(node.expression, exp.Identifier):
            return Inferred(scope.member(owner.type, node.expression), owner.sources)
        return Inferred(None, merge([owner.sources, self.of(node.expression, scope).sources]))

    def _type(self, node: exp.Expr, inner: list[Inferred], scope: Scope) -> Type:
        if isinstance(node, exp.Literal):
            return literal(node)
        if isinstance(node, exp.Predicate | exp.And | exp.Or | exp.Xor):
            return types.BOOLEAN
        if type(node) in _FIXED:
            return _FIXED[type(node)]
        if isinstance(node, exp.Cast):
            return declared(node.to)
        if isinstance(node, _SAME) or (isinstance(node, exp.Distinct) and len(inner) == 1):
            return inner[0].type
        if isinstance(node, exp.Neg):
            return _negated(node, inner[0].type)
        if type(node) in _OPERATORS:
            return self._arithmetic(node, inner)
        if isinstance(node, exp.Case | exp.If):
            return types.branch([self.of(n, scope).type for n in _branches(node)])
        if isinstance(node, exp.Anonymous):
            return _call(node, [i.type for i in inner])
        if isinstance(node, exp.Bracket):
            return types.element(inner[0].type)
        if isinstance(node, exp.DPipe):
            return functions.result("concat", [i.type for i in inner])
        if isinstance(node, exp.Extract):
            return types.INT if node.name.upper() in _INT_PARTS else None
        return None

    def _arithmetic(self, node: exp.Expr, inner: list[Inferred]) -> Type:
        left, right = inner[0].type, inner[1].type
        decimal = any(kind is not None and kind.name == "decimal" for kind in (left, right))
        whole = any(_is_whole(side) for side in (node.this, node.expression))
        if decimal and whole:
            return None  # engines differ in the precision they give an integer literal
        return types.arithmetic(_OPERATORS[type(node)], left, right)


def literal(node: exp.Literal) -> Type:
    """The type of a number or string as Spark reads it."""
    if node.is_string:
        return types.STRING
    text = node.name.lower()
    if "e" in text:
        return types.DOUBLE
    if "." in text:
        whole, _, fraction = text.partition(".")
        digits = len((whole.lstrip("0") + fraction).lstrip("0") or "0")
        precision = max(digits, len(fraction), 1)
        return DataType("decimal", precision, len(fraction)) if precision <= 38 else None
    number = int(text) if text.isdigit() else 1 << 63
    return types.INT if number < 1 << 31 else types.BIGINT if number < 1 << 63 else None


def declared(kind: exp.DataType) -> Type:
    """The type that CAST names; None for those a table does not hold."""
    name = kind.this.name if hasattr(kind.this, "name") else str(kind.this)
    if name in _CASTS:
        return DataType(_CASTS[name])
    if name == "DECIMAL":
        precision, scale, *_ = [*(int(size.name) for size in kind.expressions), 10, 0]
        return DataType("decimal", precision, scale if len(kind.expressions) > 1 else 0)
    if name == "ARRAY" and kind.expressions:
        return types.array_of(declared(kind.expressions[0]))
    if name == "STRUCT":
        fields = [(field.name, declared(field.args["kind"])) for field in kind.expressions]
        certain = [(label, inner) for label, inner in fields if inner is not None]
        return DataType("struct", fields=tuple(certain)) if len(certain) == len(fields) else None
    return None


def function_name(node: exp.Anonymous) -> str:
    """The function's name in lower case."""
    return node.name.lower()


def arguments(node: exp.Anonymous) -> list[exp.Expr]:
    """The arguments that are values: not the unit that some functions begin with."""
    given: list[exp.Expr] = list(node.expressions)
    return given[1:] if len(given) == 3 and function_name(node) in _UNIT_FIRST else given


def _call(node: exp.Anonymous, kinds: list[Type]) -> Type:
    name = function_name(node)
    if name == "named_struct":
        return _named_struct(node.expressions, kinds)
    if name == "struct":
        return _struct(node.expressions, kinds)
    unit: list[Type] = [types.VOID] * (len(node.expressions) - len(kinds))
    return functions.result(name, unit + kinds)


def _named_struct(given: list[exp.Expr], kinds: list[Type]) -> Type:
    names = [n.name for n in given[::2] if isinstance(n, exp.Literal) and n.is_string]
    return _fields(names, kinds[1::2])


def _struct(given: list[exp.Expr], kinds: list[Type]) -> Type:
    names = [n.alias_or_name for n in given if isinstance(n, exp.Column | exp.Alias)]
    return _fields(names, kinds)


def _fields(names: list[str], kinds: list[Type]) -> Type:
    certain = [(name, kind) for name, kind in zip(names, kinds, strict=False) if kind is not None]
    whole = len(certain) == len(kinds) == len(names) and bool(names)
    return DataType("struct", fields=tuple(certain)) if whole else None


def _children(node: exp.Expr) -> Iterator[exp.Expr]:
    """The parts of `node` that are values; type names, aliases and units are not."""
    if isinstance(node, exp.Anonymous):
        yield from arguments(node)
        return
    if isinstance(node, exp.Cast | exp.Alias | exp.Aliases):
        yield node.this
        return
    if isinstance(node, exp.Interval):
        yield from (n for n in (node.this,) if isinstance(n, exp.Expr))
        return
    for value in node.args.values():
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, exp.Expr) and not isinstance(child, exp.DataType | exp.Var):
                yield child


def _branches(node: exp.Case | exp.If) -> list[exp.Expr]:
    if isinstance(node, exp.If):
        found = [node.args.get("true"), node.args.get("false")]
    else:
        found = [branch.args["true"] for branch in node.args["ifs"]] + [node.args.get("default")]
    return [branch for branch in found if branch is not None]


def _is_whole(node: exp.Expr) -> bool:
    while isinstance(node, exp.Neg | exp.Paren | exp.Cast):
        node = node.this
    return isinstance(node, exp.Literal) and not node.is_string and node.name.isdigit()


def _negated(node: exp.Neg, kind: Type) -> Type:
    """Engines differ in the smallest integer, whose digits alone need the next wider type."""
    if isinstance(node.this, exp.Literal) and node.this.name in (str(1 << 31), str(1 << 63)):
        return None
    return kind if types.is_numeric(kind) or kind == types.INTERVAL else None


def _starred(node: exp.Column, scope: Scope) -> list[list[Field]]:
    words = [part.name.lower() for part in parts(node)]
    return [list(relation.fields) for relation in scope.qualified(words)]
