"""A view's statement split into partial, merge and answer."""

import re
from collections.abc import Callable, Mapping

from pipeline_platform.contracts.types import INTEGERS, DataType
from pipeline_platform.contracts.views import PINNED, ROWS, STATES, DimensionTable, Split
from pipeline_platform.sql.parsing import Source
from pipeline_platform.sql.view_refusals import refused
from pipeline_platform.sql.view_statement import Measure, ViewStatement, read_view
from pipeline_platform.views import algebra
from pipeline_platform.views.algebra import Form
from pipeline_platform.views.plan import Plan

Types = Callable[[str], str]
_PLAIN = re.compile(r"[\w.]+|\*")  # needs no parentheses around it
_NO_DIMENSIONS: Mapping[str, DimensionTable] = {}


def split(
    sql: str,
    stream: str,
    columns: Mapping[str, str],
    dimensions: Mapping[str, DimensionTable] = _NO_DIMENSIONS,
    *,
    path: str = "",
    types: Types | None = None,
) -> Split:
    """The view `sql` over `serving.<stream>` in three statements.

    `columns` are those of accepted rows, by name their Spark type; `dimensions` are the
    tables it may join, by `layer.table`. `types` may ask an engine for the type of the one
    column of a query over ROWS, where it is not certain from the text alone and no other table
    is in it.
    ViewRefused: it does not split, with a code. UnknownName, DeclarationError: as `analyse`.
    """
    _refuse_tokens(Source(sql, path))
    tables = {name.lower(): table for name, table in dimensions.items()}
    known = {name: table.columns for name, table in tables.items()}
    view = read_view(sql, stream, columns, known, path)
    _check_joins(view, tables)
    forms = [_form(measure, view, types) for measure in view.measures]
    return Plan(view, forms).split()


def _refuse_tokens(source: Source) -> None:
    for token in (ROWS, STATES, PINNED):
        if token in source.text:
            raise refused("reserved", token, source, source.text.index(token))


def _check_joins(view: ViewStatement, dimensions: Mapping[str, DimensionTable]) -> None:
    joins = [(join.table, join.columns, join.offset) for join in view.joins]
    joins += [(join.table, join.columns, join.offset) for join in view.pinned]
    for table, columns, offset in joins:
        joined = {column.lower() for column in columns}
        if not any(
            {column.lower() for column in key} <= joined for key in dimensions[table].unique
        ):
            raise refused("join_not_unique", table, view.origin, offset)


def _form(measure: Measure, view: ViewStatement, types: Types | None) -> Form:
    form = _unfiltered(measure, view, types)
    if measure.filter is None:
        return form
    return algebra.filtered(form, f"({measure.filter})")


def _unfiltered(measure: Measure, view: ViewStatement, types: Types | None) -> Form:
    name = measure.name
    values = tuple(_operand(value) for value in measure.arguments)
    if measure.distinct:
        return algebra.distinct(values)
    if name == "count":
        return algebra.counted(("1",) if values == ("*",) else values)
    if name == "count_if":
        return algebra.count_if(values[0])
    if name in ("sum", "avg", "mean"):
        kind = _numeric(measure, view, types)
        return (algebra.summed if name == "sum" else algebra.averaged)(values[0], kind)
    if name in ("max_by", "min_by"):
        return algebra.by_order(name, *values)
    if name == "top":
        return algebra.top(values[0], measure.parameter or 1, measure.descending)
    if name == "hll_sketch_agg":
        return algebra.hll(values[0], measure.parameter)
    if name == "theta_sketch_agg":
        return algebra.theta(values[0], measure.parameter)
    return algebra.same(name, values[0])


def _operand(text: str) -> str:
    return text if _PLAIN.fullmatch(text) else f"({text})"


def _numeric(measure: Measure, view: ViewStatement, types: Types | None) -> DataType:
    text = measure.type
    if text is None and types is not None and not view.pinned:
        text = types(f"SELECT {measure.arguments[0]} AS value FROM {ROWS} AS {view.source}")
    kind = DataType.parse(text) if text else None
    if kind is None or kind.name not in (*INTEGERS, "float", "double", "decimal"):
        raise refused("type_unknown", measure.arguments[0], view.origin, measure.offset)
    if measure.name != "sum" and kind.precision > algebra.MOST_AVERAGED:
        raise refused("average_too_wide", measure.arguments[0], view.origin, measure.offset)
    return kind
