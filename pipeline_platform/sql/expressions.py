"""A subset of Spark SQL over one row, compiled to Polars; rules and event times.

The results are those of ANSI Spark; where that raises (division by zero, overflow, a
cast that fails) the result is NULL, so that one odd row never stops a whole object.
"""

from collections.abc import Mapping
from decimal import Decimal
from functools import reduce
from typing import TYPE_CHECKING

from sqlglot import exp

from pipeline_platform.contracts.types import DataType
from pipeline_platform.errors import DeclarationError, UnknownName
from pipeline_platform.sql import inference, operators, patterns, row_functions, types
from pipeline_platform.sql.intervals import SPECIAL, Interval, interval, shifted
from pipeline_platform.sql.parsing import Source, parse_expression, parts
from pipeline_platform.sql.row_functions import FUNCTIONS
from pipeline_platform.sql.values import Mismatch, Value, constant, dtype, polars

if TYPE_CHECKING:
    import polars as pl

_ARITHMETIC: dict[type[exp.Expr], str] = {
    exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%", exp.IntDiv: "div",
}  # fmt: skip
_COMPARISON: dict[type[exp.Expr], str] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
    exp.NullSafeEQ: "<=>", exp.NullSafeNEQ: "<=>",
}  # fmt: skip
_ARGUMENTS = frozenset(
    {"this", "expression", "expressions", "to", "ifs", "default", "true", "false", "unit"}
    | {"low", "high", "negate", "position", "is_string", "quoted", "table", "db", "catalog"}
    | {"safe", "typed"}
)
_UNDERSTOOD = (
    "columns, literals, + - * / % div, comparisons, AND OR NOT, IS NULL, IN, BETWEEN, LIKE, "
    "RLIKE, CASE, CAST, INTERVAL and functions of one row"
)


def polars_expression(text: str, columns: Mapping[str, DataType], *, where: str) -> "pl.Expr":
    """`text` over a frame that has `columns` in exactly their Polars types.

    UnknownName: a column or function. DeclarationError: syntax, types that do not go
    together, or SQL outside the subset.
    """
    value = _Compiler(text, columns, where).value()
    return value.build().cast(dtype(value.type))


def expression_type(text: str, columns: Mapping[str, DataType], *, where: str) -> DataType:
    """The type of `text`; checks all that `polars_expression` checks without Polars."""
    return _Compiler(text, columns, where).value().type


def expression_columns(text: str, where: str) -> set[str]:
    """The columns that `text` names, as written; of `a.b` the `a`. DeclarationError: syntax."""
    tree = parse_expression(_Place(text, where))
    units = {id(node.expressions[0]) for node in tree.find_all(exp.Anonymous) if _has_unit(node)}
    return {next(parts(node)).name for node in tree.find_all(exp.Column) if id(node) not in units}


class _Place(Source, frozen=True):
    """An expression inside a declaration; the column counts from its first character."""

    def at(self, offset: int) -> str:
        place = f"character {offset + 1} of {' '.join(self.text.split())!r}"
        return f"{self.path}, {place}" if self.path else place


class _Compiler:
    def __init__(self, text: str, columns: Mapping[str, DataType], where: str) -> None:
        self._source = _Place(text, where)
        self._columns = {name.lower(): (name, kind) for name, kind in columns.items()}

    def value(self) -> Value:
        tree = parse_expression(self._source)
        found = self.of(tree)
        if isinstance(found, Interval):
            raise self._outside(tree)
        return found

    def of(self, node: exp.Expr) -> Value | Interval:
        try:
            return self._of(node)
        except Mismatch as error:
            raise self._source.error(
                f"types do not go together: {error}",
                node,
                known=f"the expression is typed as ANSI Spark types it: {_UNDERSTOOD}",
                remedy=error.remedy,
            ) from None

    def _plain(self, node: exp.Expr) -> Value:
        found = self.of(node)
        if isinstance(found, Interval):
            raise self._outside(node)
        return found

    def _of(self, node: exp.Expr) -> Value | Interval:
        if any(value for name, value in node.args.items() if name not in _ARGUMENTS):
            raise self._outside(node)
        if type(node) in _ARITHMETIC:
            return self._arithmetic(_ARITHMETIC[type(node)], node)
        if type(node) in _COMPARISON:
            return self._comparison(node)
        if isinstance(node, exp.Paren):
            return self.of(node.this)
        if isinstance(node, exp.Interval):
            return interval(node)
        if isinstance(node, exp.Anonymous):
            return self._call(node)
        return self._leaf(node) or self._logic(node) or self._special(node)

    def _leaf(self, node: exp.Expr) -> Value | None:
        if isinstance(node, exp.Column | exp.Dot):
            return self._column(node)
        if isinstance(node, exp.Null):
            return constant(None, types.VOID)
        if isinstance(node, exp.Boolean):
            return constant(bool(node.this), types.BOOLEAN)
        if isinstance(node, exp.Literal):
            return self._literal(node)
        if isinstance(node, exp.RawString):
            return constant(node.name, types.STRING)
        return None

    def _logic(self, node: exp.Expr) -> Value | None:
        if isinstance(node, exp.And):
            return operators.both(self._plain(node.this), self._plain(node.expression))
        if isinstance(node, exp.Or):
            return operators.either(self._plain(node.this), self._plain(node.expression))
        if isinstance(node, exp.Not):
            return operators.negation(self._plain(node.this))
        if isinstance(node, exp.Neg):
            return operators.minus(self._plain(node.this))
        if isinstance(node, exp.Is):
            return self._is(node)
        if isinstance(node, exp.In) and not node.args.get("query"):
            return operators.among(
                self._plain(node.this), [self._plain(n) for n in node.expressions]
            )
        if isinstance(node, exp.Between) and not node.args.get("symmetric"):
            value = self._plain(node.this)
            low = operators.compare(">=", value, self._plain(node.args["low"]))
            return operators.both(
                low, operators.compare("<=", value, self._plain(node.args["high"]))
            )
        return None

    def _comparison(self, node: exp.Expr) -> Value:
        sides = [node.this, node.args["expression"]]
        if any(isinstance(side, exp.Predicate | exp.Not) for side in sides):
            raise self._loose(node)
        found = operators.compare(_COMPARISON[type(node)], *(self._plain(side) for side in sides))
        return operators.negation(found) if isinstance(node, exp.NullSafeNEQ) else found

    def _is(self, node: exp.Is) -> Value:
        value, what = self._plain(node.this), node.expression
        if isinstance(what, exp.Null):
            return operators.is_null(value)
        if isinstance(what, exp.Boolean):
            return operators.compare("<=>", value, self._plain(what))
        raise self._outside(node)

    def _special(self, node: exp.Expr) -> Value:
        if isinstance(node, exp.Like | exp.RegexpLike) or (
            isinstance(node, exp.Escape) and isinstance(node.this, exp.Like)
        ):
            return self._pattern(node)
        if isinstance(node, exp.Case):
            return self._case(node)
        if isinstance(node, exp.If):
            branches = (node.this, node.args["true"], node.args.get("false") or exp.Null())
            return row_functions.call("if", [self._plain(branch) for branch in branches])
        if isinstance(node, exp.Cast):
            return self._cast(node)
        if isinstance(node, exp.DPipe):
            if isinstance(node.this, exp.Add | exp.Sub) or isinstance(
                node.expression, exp.Add | exp.Sub
            ):
                raise self._loose(node)
            sides = [self._plain(node.this), self._plain(node.expression)]
            return row_functions.call("concat", sides)
        if isinstance(node, exp.Trim) and not node.args.get("expression"):
            name = {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(
                str(node.args.get("position")), "trim"
            )
            return row_functions.call(name, [self._plain(node.this)])
        raise self._outside(node)

    def _column(self, node: exp.Expr) -> Value:
        names = list(parts(node))
        word = names[0].name.lower()
        if word not in self._columns:
            known = [name for name, _ in self._columns.values()]
            raise UnknownName("column", names[0].name, known, where=self._source.where(names[0]))
        name, kind = self._columns[word]
        path: list[str] = []
        for part in names[1:]:
            fields = {label.lower(): (label, inner) for label, inner in kind.fields}
            if part.name.lower() not in fields:
                known = [label for label, _ in kind.fields]
                raise UnknownName("field", part.name, known, where=self._source.where(part))
            label, kind = fields[part.name.lower()]
            path.append(label)
        return Value(kind, lambda: reduce(lambda e, f: e.struct.field(f), path, polars().col(name)))

    def _literal(self, node: exp.Literal) -> Value:
        kind = inference.literal(node)
        if kind is None:
            raise self._outside(node)
        if kind == types.STRING:
            raw = self._source.text[node.meta["start"] : node.meta["end"] + 1]
            return constant(patterns.string(raw), kind)
        number = {"int": int, "bigint": int, "double": float}.get(kind.name, Decimal)
        return constant(number(node.name), kind)

    def _arithmetic(self, operator: str, node: exp.Expr) -> Value | Interval:
        left, right = self.of(node.this), self.of(node.args["expression"])
        if isinstance(left, Interval) or isinstance(right, Interval):
            return shifted(operator, left, right)
        if left.type == types.DATE and operator in "+-" and types.is_integer(right.type):
            return row_functions.call("date_add" if operator == "+" else "date_sub", [left, right])
        return operators.arithmetic(operator, left, right)

    def _call(self, node: exp.Anonymous) -> Value | Interval:
        name = inference.function_name(node)
        if _has_unit(node):
            given = [self._plain(n) for n in node.expressions[1:]]
            moved = name in ("timestampadd", "dateadd", "date_add")
            made = row_functions.timestamp_add if moved else row_functions.timestamp_diff
            return made(node.expressions[0].name, given)
        values = [self._plain(n) for n in node.expressions]
        if name in SPECIAL:
            return SPECIAL[name](values)
        if name not in FUNCTIONS:
            raise UnknownName(
                "function", node.name, [*FUNCTIONS, *SPECIAL, "timestampadd", "timestampdiff"],
                where=self._source.where(node),
            )  # fmt: skip
        return row_functions.call(name, values)

    def _pattern(self, node: exp.Expr) -> Value:
        like = node.this if isinstance(node, exp.Escape) else node
        escape = self._plain(node.expression).constant if isinstance(node, exp.Escape) else "\\"
        value, wanted = self._plain(like.this), self._plain(like.expression)
        if isinstance(like, exp.RegexpLike):
            return row_functions.matches([value, wanted])
        found = row_functions.like(value, wanted, str(escape))
        return operators.negation(found) if like.args.get("negate") else found

    def _case(self, node: exp.Case) -> Value:
        conditions = [self._plain(branch.this) for branch in node.args["ifs"]]
        if node.this is not None:
            subject = self._plain(node.this)
            conditions = [operators.compare("=", subject, option) for option in conditions]
        results = [self._plain(branch.args["true"]) for branch in node.args["ifs"]]
        default = node.args.get("default")
        otherwise = self._plain(default) if default is not None else constant(None, types.VOID)
        return operators.choose(conditions, results, otherwise)

    def _cast(self, node: exp.Cast) -> Value:
        kind = inference.declared(node.to)
        if kind is None:
            raise self._outside(node)
        return operators.cast(self._plain(node.this), kind)

    def _loose(self, node: exp.Expr) -> DeclarationError:
        return self._source.error(
            "what belongs together is not certain",
            node,
            known="engines differ in how tightly these operators bind",
            remedy="write parentheses",
        )

    def _outside(self, node: exp.Expr) -> DeclarationError:
        return self._source.error(
            f"{node.key.upper()} is outside what a row expression can say",
            node,
            known=_UNDERSTOOD,
            remedy="say it with those, or in a SQL model",
        )


def _has_unit(node: exp.Anonymous) -> bool:
    return len(inference.arguments(node)) < len(node.expressions)
