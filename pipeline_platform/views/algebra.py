"""Each aggregate as states that merge: its partial, its merge and its final."""

from typing import NamedTuple

from pipeline_platform.contracts.types import DataType

MOST_DIGITS = 38
MOST_AVERAGED = 18  # of a decimal: beyond, Spark rounds a quotient twice and it shows


class State(NamedTuple):
    """A column of a state row: made of arguments `{a0}`.., merged from itself, `{s}`."""

    partial: str
    merge: str


class Form(NamedTuple):
    """An aggregate. `arguments` are over the stream; `final` is over the states `{s0}`..

    `values` are the arguments whose distinct values are counted, instead of states.
    """

    arguments: tuple[str, ...]
    states: tuple[State, ...]
    final: str
    approximate: bool = False
    values: bool = False


def _all_present(values: tuple[str, ...]) -> str:
    if len(values) == 1:
        return values[0]
    present = " AND ".join(f"{value} IS NOT NULL" for value in values)
    return f"CASE WHEN {present} THEN 1 END"


def counted(values: tuple[str, ...]) -> Form:
    """count(x, ..): rows in which no argument is NULL."""
    return Form((_all_present(values),), (State("count({a0})", "sum({s})"),), "coalesce({s0}, 0)")


ROW_COUNT = counted(("1",))  # kept in every state row as its number of rows


def count_if(condition: str) -> Form:
    """Rows in which the condition holds."""
    arguments = (f"CASE WHEN {condition} THEN 1 END",)
    return Form(arguments, (State("count({a0})", "sum({s})"),), "coalesce({s0}, 0)")


def summed(value: str, kind: DataType) -> Form:
    """sum: decimals are cast back after every merge, since a sum widens its type."""
    fraction = kind.name in ("float", "double")
    return Form((value,), (_sum("{a0}", kind),), "{s0}", approximate=fraction)


def averaged(value: str, kind: DataType) -> Form:
    """avg: sum and count; sums of bigint are kept as decimals, which have room."""
    number = State("count({a0})", "sum({s})")
    if kind.name == "decimal":
        precision, scale = kind.precision + 4, kind.scale + 4
        final = f"CAST({{s0}} / nullif({{s1}}, 0) AS decimal({precision},{scale}))"
        return Form((value,), (_sum("{a0}", kind), number), final)
    final = "CAST({s0} AS double) / CAST(nullif({s1}, 0) AS double)"
    if kind.name == "bigint":
        wide = DataType("decimal", MOST_DIGITS, 0)
        arguments = (f"CAST({value} AS {wide})",)
        return Form(arguments, (_sum("{a0}", wide), number), final, approximate=True)
    fraction = kind.name in ("float", "double")
    return Form((value,), (_sum("{a0}", kind), number), final, approximate=fraction)


def _sum(argument: str, kind: DataType) -> State:
    if kind.name != "decimal":
        return State(f"sum({argument})", "sum({s})")
    wide = DataType("decimal", min(MOST_DIGITS, kind.precision + 10), kind.scale)
    return State(f"CAST(sum({argument}) AS {wide})", f"CAST(sum({{s}}) AS {wide})")


def same(name: str, value: str) -> Form:
    """min, max, bool_and, bit_or and the like: states merge by the function itself."""
    return Form((value,), (State(f"{name}({{a0}})", f"{name}({{s}})"),), "{s0}")


def by_order(name: str, value: str, *orders: str) -> Form:
    """max_by and min_by: among equals a value before none, then the largest or smallest.

    Several orders are those of a struct, in which NULL is the smallest.
    """
    pick, absent = ("max", 0) if name == "max_by" else ("min", 1)
    ranks = [f"'n{n}', {_rank(o, 0)}, 'o{n}', {o}" for n, o in enumerate(orders)]
    first = ", ".join(ranks) if len(orders) > 1 else f"'o', {orders[0]}"
    ranked = f"named_struct({first}, 'p', {_rank(value, absent)}, 'v', {value})"
    if len(orders) == 1:
        ranked = f"CASE WHEN {orders[0]} IS NOT NULL THEN {ranked} END"
    return Form((ranked,), (State(f"{pick}({{a0}})", f"{pick}({{s}})"),), "{s0}.v")


def _rank(value: str, absent: int) -> str:
    """0 or 1, since engines sort NULL in a struct differently; a type that may be NULL."""
    return f"CASE WHEN {value} IS NULL THEN {absent} WHEN {value} IS NOT NULL THEN {1 - absent} END"


def top(value: str, most: int, descending: bool) -> Form:
    """The k largest or smallest of a list; smaller lists are kept whole."""
    ordered = "false" if descending else "true"
    state = State(
        f"slice(sort_array(collect_list({{a0}}), {ordered}), 1, {most})",
        f"slice(sort_array(flatten(collect_list({{s}})), {ordered}), 1, {most})",
    )
    return Form((value,), (state,), "{s0}")


def hll(value: str, size: int | None) -> Form:
    """An estimate of the distinct values that does not depend on the order of merges."""
    state = State(f"hll_sketch_agg({{a0}}, {size or 12})", "hll_union_agg({s})")
    final = "coalesce(hll_sketch_estimate(hll_union({s0}, {s0})), 0)"
    return Form((value,), (state,), final, approximate=True)


def theta(value: str, size: int | None) -> Form:
    """An estimate of the distinct values by a theta sketch."""
    state = State(
        f"theta_sketch_agg({{a0}}, {size or 12})", f"theta_union_agg({{s}}, {size or 12})"
    )
    final = "coalesce(theta_sketch_estimate({s0}), 0)"
    return Form((value,), (state,), final, approximate=True)


def distinct(values: tuple[str, ...]) -> Form:
    """count(DISTINCT x, ..): state rows of a group and a value."""
    if len(values) == 1:
        return Form(values, (), "{d}", values=True)
    present = " AND ".join(f"{value} IS NOT NULL" for value in values)
    arguments = tuple(f"CASE WHEN {present} THEN {value} END" for value in values)
    return Form(arguments, (), "{d}", values=True)


def filtered(form: Form, condition: str) -> Form:
    """The form over the rows in which the condition of its FILTER holds."""
    arguments = tuple(f"CASE WHEN {condition} THEN {value} END" for value in form.arguments)
    return form._replace(arguments=arguments)
