"""Every reason for which a view is refused, and what to write instead."""

from typing import NamedTuple

from pipeline_platform.errors import ViewRefused
from pipeline_platform.sql.parsing import Source

_IN_VIEW = "write a SQL model over the view, or over the stream"


class Refusal(NamedTuple):
    """`what` may hold `{name}`, the text that is refused."""

    what: str
    reason: str
    alternative: str


REFUSALS: dict[str, Refusal] = {
    "unordered": Refusal(
        "{name} takes whichever row comes first",
        "rows have no order of their own, so parts cannot be put together to one answer",
        "write max_by(value, time) or min_by(value, time); for a list of the k largest "
        "slice(sort_array(collect_list(struct(...)), false), 1, k)",
    ),
    "approximate_count": Refusal(
        "{name} has no state that merges",
        "only its estimate comes out, and estimates do not add",
        "write hll_sketch_estimate(hll_sketch_agg(x, 12)), or count(DISTINCT x) for the exact one",
    ),
    "percentile": Refusal(
        "{name} has no state that merges on every engine",
        "it needs all the values, or a sketch that only some engines have",
        "count into buckets by a GROUP BY key such as width_bucket(...), or write a SQL model",
    ),
    "try_aggregate": Refusal(
        "{name} turns an overflow into NULL",
        "whether a part overflows depends on how the rows were split",
        "write sum(CAST(x AS decimal(38,0))), which has room",
    ),
    "statistical": Refusal(
        "{name} is no function of a view",
        "naive sums of squares lose digits, so it is not derived",
        "keep count(x), avg(x) and avg(x * x) of a decimal, or write a SQL model",
    ),
    "distinct_aggregate": Refusal(
        "{name} over DISTINCT values is not split",
        "only the number of distinct values has a state of rows (group, value)",
        "write count(DISTINCT x); min, max, bool_and and bool_or need no DISTINCT; for a sum "
        "of distinct values write a SQL model",
    ),
    "nested_aggregate": Refusal(
        "{name} stands inside another aggregate",
        "the inner one is finished only after the merge",
        "make a view of the inner one and a SQL model over it",
    ),
    "reserved": Refusal(
        "{name} stands in the statement",
        "it is the word by which the platform marks a relation in the derived statements",
        "write the text in two parts: concat('__', ...)",
    ),
    "window": Refusal(
        "{name} looks at other rows of the answer",
        "a window function is neither a key nor an aggregate that merges",
        "write it in a SQL model over the view; for windows of time write date_trunc(...) as a key",
    ),
    "generator": Refusal(
        "{name} makes several rows of one",
        "a view counts accepted rows, each once",
        "unnest in a SQL model, or declare the inner rows as a stream of their own",
    ),
    "select_distinct": Refusal(
        "SELECT DISTINCT is not split",
        "a group is already one row",
        "write GROUP BY with the columns that make a row",
    ),
    "limit": Refusal(
        "LIMIT cuts the groups off",
        "which ones remain changes with every event, and a reader may ask for any key",
        "leave it out and write LIMIT in the query that reads the view; for the k largest rows "
        "of a group slice(sort_array(collect_list(struct(...)), false), 1, k)",
    ),
    "order_by": Refusal(
        "ORDER BY has no meaning in a view",
        "an answer is a set of groups",
        "leave it out and write ORDER BY in the query that reads the view",
    ),
    "subquery": Refusal(
        "a subquery is not split",
        "it would have to be recomputed over all rows at every event",
        _IN_VIEW,
    ),
    "cte": Refusal(
        "WITH is not split",
        "a view is one SELECT over one stream",
        _IN_VIEW,
    ),
    "set_operation": Refusal(
        "{name} is not split",
        "a view is one SELECT over one stream",
        "make two views and a SQL model over both",
    ),
    "lateral": Refusal(
        "LATERAL VIEW is not split",
        "a view counts accepted rows, each once",
        "unnest in a SQL model, or declare the inner rows as a stream of their own",
    ),
    "clause": Refusal(
        "{name} is no clause of a view",
        "a view is SELECT, FROM, JOIN, WHERE, GROUP BY and HAVING",
        "leave it out, or write a SQL model",
    ),
    "syntax": Refusal(
        "{name} is not understood in a view",
        "only what is known to split is taken",
        "write it with functions and operators of one row, or in a SQL model",
    ),
    "grouping_sets": Refusal(
        "{name} is no set of groups that a view has",
        "totals are made of finished groups by their keys",
        "write ROLLUP, CUBE or GROUPING SETS over keys, and grouping(key) in SELECT or HAVING",
    ),
    "no_stream": Refusal(
        "the view does not read serving.{name}",
        "a view is folded from the accepted rows of one stream",
        "write FROM serving.{name}",
    ),
    "two_streams": Refusal(
        "{name} is another stream or no known dimension",
        "a view has one stream, and joins only tables whose key is declared unique",
        "join streams in a SQL model; for a dimension declare its unique key",
    ),
    "join_kind": Refusal(
        "{name} is not a join of a dimension",
        "a row or a group has at most one row of the dimension",
        "write JOIN or LEFT JOIN layer.table ON table.column = <an expression over the stream>",
    ),
    "join_condition": Refusal(
        "{name} is no equality of a dimension's column and an expression over the stream",
        "a row or a group has at most one row of the dimension",
        "write ON table.column = <an expression over columns of the stream>",
    ),
    "join_not_unique": Refusal(
        "the columns of {name} in ON are not declared unique",
        "several rows of a dimension would repeat a row or a group",
        "declare the columns unique in the dimension, or join on those that are",
    ),
    "attribute_not_grouped": Refusal(
        "{name} is an attribute that is not in GROUP BY",
        "no engine takes it there, although it depends on the key alone",
        "add it to GROUP BY; it makes no more groups and is joined to the finished ones",
    ),
    "not_deterministic": Refusal(
        "{name} is not the same at every call",
        "a recompute would give another answer",
        "take a time from the event, and compare it with the present in the query that reads",
    ),
    "unknown_function": Refusal(
        "function {name} is not known to a view",
        "only functions that are known to be deterministic, and aggregates that split, are taken",
        "use one of the functions in docs/view-functions.md, or compute it in a SQL model",
    ),
    "bare_sketch": Refusal(
        "{name} stands alone",
        "the bytes of a sketch depend on the order of the rows; its estimate does not",
        "write hll_sketch_estimate(hll_sketch_agg(x, 12))",
    ),
    "sketch_parameter": Refusal(
        "the size of {name} is no literal in its range",
        "sketches of different sizes do not merge",
        "write a number from 4 to 21, for example hll_sketch_agg(x, 12)",
    ),
    "arguments": Refusal(
        "{name} has arguments that are not split",
        "the forms that split are listed in docs/view-functions.md",
        "write it in the form given there",
    ),
    "count_if_filter": Refusal(
        "count_if with FILTER is counted differently by engines",
        "Sail leaves the FILTER out",
        "write count_if(a AND b), or count(*) FILTER (WHERE a AND b)",
    ),
    "not_a_key": Refusal(
        "{name} is neither a group key nor inside an aggregate",
        "a group has many rows and so no one value of it",
        "add it to GROUP BY, or write max_by({name}, time)",
    ),
    "no_aggregate": Refusal(
        "no aggregate",
        "rows as they are need no view",
        "add an aggregate such as count(*), or write a SQL model",
    ),
    "aggregate_before_group": Refusal(
        "{name} is an aggregate in WHERE, ON or GROUP BY",
        "rows are chosen and grouped before they are aggregated",
        "write the condition in HAVING",
    ),
    "star": Refusal(
        "* is no column of a view",
        "a column is a key or an aggregate",
        "name the keys and write count(*) or another aggregate",
    ),
    "ambiguous_alias": Refusal(
        "{name} is an alias and a column of the stream",
        "engines choose differently between them",
        "give the alias another name",
    ),
    "type_unknown": Refusal(
        "{name} is no number whose type is certain",
        "sums and averages are merged in the type of the direct answer",
        "write CAST(... AS bigint), double or decimal(p,s) around the argument",
    ),
    "average_too_wide": Refusal(
        "the average of {name} has more digits than can be divided exactly",
        "beyond decimal(18, s) a quotient is rounded twice",
        "cast the argument to decimal(18, s) or less, or keep sum(x) and count(x)",
    ),
}


def refused(code: str, name: str, source: Source, offset: int) -> ViewRefused:
    """The refusal `code` of the text `name` at a character of the view."""
    refusal = REFUSALS[code]
    return ViewRefused(
        code,
        refusal.what.replace("{name}", name),
        where=source.at(offset),
        known=refusal.reason,
        remedy=refusal.alternative.replace("{name}", name),
    )
