"""The shape of a view: one plain SELECT over one stream, of known nodes."""

from collections.abc import Collection, Iterator

from sqlglot import exp

from pipeline_platform.sql.parsing import Source, is_query, parts, span, statements
from pipeline_platform.sql.tables import table_name
from pipeline_platform.sql.view_functions import AGGREGATES, REFUSED, SCALARS
from pipeline_platform.sql.view_refusals import refused

_CLAUSES = {
    "with_": "cte", "distinct": "select_distinct", "limit": "limit", "offset": "limit",
    "order": "order_by", "sort": "order_by", "cluster": "order_by", "distribute": "order_by",
    "windows": "window", "qualify": "window", "laterals": "lateral",
}  # fmt: skip
_KNOWN = frozenset({"expressions", "from_", "joins", "where", "group", "having"})
_NODES: tuple[type[exp.Expr], ...] = (
    exp.Column, exp.Identifier, exp.Dot, exp.Literal, exp.RawString, exp.Boolean, exp.Null,
    exp.And, exp.Or, exp.Not, exp.Xor, exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE,
    exp.NullSafeEQ, exp.NullSafeNEQ, exp.Is, exp.In, exp.Between, exp.Like, exp.ILike,
    exp.RegexpLike, exp.Escape, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Neg,
    exp.DPipe, exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor, exp.BitwiseNot, exp.Paren,
    exp.Tuple, exp.Case, exp.If, exp.Cast, exp.TryCast, exp.DataType, exp.DataTypeParam,
    exp.ColumnDef, exp.Interval, exp.IntervalSpan, exp.Var, exp.Anonymous, exp.Alias, exp.Filter,
    exp.Where, exp.Distinct, exp.Star, exp.Extract, exp.Trim, exp.Substring, exp.StrPosition,
    exp.Overlay, exp.Bracket, exp.Lambda, exp.Transform, exp.Any, exp.Array,
)  # fmt: skip
_NAMED: dict[type[exp.Expr], str] = {
    exp.CurrentDate: "current_date",
    exp.CurrentTimestamp: "current_timestamp",
    exp.CurrentUser: "current_user",
    exp.Localtimestamp: "localtimestamp",
}


def view_tree(source: Source) -> exp.Select:
    """The one plain SELECT of the text. ViewRefused: another shape, or another clause."""
    trees = statements(source)
    tree = trees[0] if len(trees) == 1 and is_query(trees[0]) else None
    if isinstance(tree, exp.SetOperation):
        raise refused("set_operation", tree.key.upper(), source, 0)
    if not isinstance(tree, exp.Select):
        found = ", ".join(tree.key.upper() for tree in trees) or "nothing"
        raise refused("clause", found, source, 0)
    for name, value in tree.args.items():
        if value and name not in _KNOWN:
            code = _CLAUSES.get(name, "clause")
            raise refused(code, name.strip("_").upper(), source, _start(value, source))
    group = tree.args.get("group")
    if group is not None and (group.args.get("all") or group.args.get("totals")):
        raise refused("clause", "GROUP BY ALL", source, offset_of(group, source))
    return tree


def check_shape(tree: exp.Select, source: Source) -> None:
    """ViewRefused at the first node that is not known to split."""
    for node in _expressions(tree):
        _check(node, source)


def _expressions(tree: exp.Select) -> Iterator[exp.Expr]:
    yield from tree.expressions
    for name in ("where", "group", "having"):
        clause = tree.args.get(name)
        if isinstance(clause, exp.Group):
            yield from (part for one in clause.expressions for part in _members(one))
        elif clause is not None:
            yield clause.this
    for join in tree.args.get("joins") or ():
        if join.args.get("on") is not None:
            yield join.args["on"]


def _members(node: exp.Expr) -> Iterator[exp.Expr]:
    """The expressions in ROLLUP, CUBE and GROUPING SETS, or the one that it is."""
    if isinstance(node, exp.Rollup | exp.Cube | exp.GroupingSets):
        yield from node.expressions
    else:
        yield node


def _check(node: exp.Expr, source: Source) -> None:
    for kind in (exp.Query, exp.Exists):
        for inner in node.find_all(kind):
            raise refused("subquery", "", source, offset_of(inner, source))
    for inner in node.walk(bfs=False):
        _check_node(inner, source)


def _check_node(node: exp.Expr, source: Source) -> None:
    place = offset_of(node, source)
    if isinstance(node, exp.Window):
        raise refused("window", f"{_called(node.this)}(...) OVER", source, place)
    if isinstance(node, exp.WithinGroup):
        name = _called(node.this)
        raise refused(REFUSED.get(name, "unordered"), name, source, place)
    if type(node) in _NAMED:
        raise refused("not_deterministic", _NAMED[type(node)], source, place)
    if isinstance(node, exp.IgnoreNulls | exp.RespectNulls):
        name = _called(node.this)
        raise refused(REFUSED.get(name, "syntax"), name or "IGNORE NULLS", source, place)
    if isinstance(node, exp.Star) and not isinstance(node.parent, exp.Anonymous):
        raise refused("star", "*", source, place)
    if isinstance(node, exp.Any) and not isinstance(node.this, exp.Paren):
        raise refused("syntax", "ANY", source, place)
    if isinstance(node, exp.Any) and node.arg_key == "expression":
        raise refused("syntax", "a comparison with ANY", source, place)
    if not isinstance(node, _NODES):
        raise refused("syntax", node.key.upper(), source, place)
    if isinstance(node, exp.Anonymous):
        _check_call(node, source, place)


def _check_call(node: exp.Anonymous, source: Source, place: int) -> None:
    name = node.name.lower()
    known = name in SCALARS or name in AGGREGATES
    if isinstance(node.parent, exp.Dot) or (not known and name not in REFUSED):
        raise refused("unknown_function", node.name, source, place)
    if not known:
        raise refused(REFUSED[name], f"{name}()", source, place)


def _called(node: exp.Expr) -> str:
    found = node.find(exp.Anonymous)
    return found.name.lower() if found is not None else ""


def check_tables(tree: exp.Select, stream: str, known: Collection[str], source: Source) -> None:
    """ViewRefused: FROM is not the stream, or a JOIN is none of a known dimension."""
    start = tree.args.get("from_")
    table = start.this if start is not None else None
    if isinstance(table, exp.Subquery):
        raise refused("subquery", "", source, offset_of(table, source))
    if not isinstance(table, exp.Table) or table_name(table) != f"serving.{stream}".lower():
        place = offset_of(table, source) if table is not None else 0
        raise refused("no_stream", stream, source, place)
    extra = ("pivots", "sample", "version", "when", "laterals", "joins")
    for joined in (table, *(join.this for join in tree.args.get("joins") or ())):
        for name in extra:
            if joined.args.get(name):
                raise refused("clause", name.upper(), source, offset_of(joined, source))
    for join in tree.args.get("joins") or ():
        _check_join(join, known, source)


def _check_join(join: exp.Join, known: Collection[str], source: Source) -> None:
    table, place = join.this, offset_of(join, source)
    if isinstance(table, exp.Subquery):
        raise refused("subquery", "", source, place)
    if not isinstance(table, exp.Table) or isinstance(table.this, exp.Func):
        raise refused("join_kind", table.key.upper(), source, place)
    if table_name(table) not in known:
        raise refused("two_streams", table_name(table), source, place)
    words = [str(join.args.get(k) or "") for k in ("method", "side", "kind")]
    written = " ".join(word for word in words if word)
    if written.upper() not in ("", "INNER", "LEFT", "LEFT OUTER") or join.args.get("using"):
        raise refused("join_kind", written.upper() or "USING", source, place)


def offset_of(node: exp.Expr, source: Source) -> int:
    """The place of the first word of `node` that has one, or of what is around it."""
    around: exp.Expr | None = node
    while around is not None:
        if any("start" in inner.meta for inner in around.walk()):
            return int(span(around)[0])
        around = around.parent
    return 0


def _start(value: object, source: Source) -> int:
    first = value[0] if isinstance(value, list) and value else value
    return offset_of(first, source) if isinstance(first, exp.Expr) else 0


__all__ = ["check_shape", "check_tables", "offset_of", "parts", "view_tree"]
