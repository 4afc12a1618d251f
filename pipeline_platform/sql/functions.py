"""Result types of Spark's functions, by name; what is not here has none."""

from collections.abc import Callable, Sequence

from pipeline_platform.contracts.types import DataType
from pipeline_platform.sql.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    DOUBLE,
    INT,
    INTERVAL,
    STRING,
    TIMESTAMP,
    Type,
    array_of,
    branch,
    element,
    is_fraction,
    is_integer,
    is_numeric,
    mean,
    total,
    widest,
)

_FIXED: dict[DataType, str] = {
    STRING: """
        lower lcase upper ucase trim ltrim rtrim btrim concat_ws substring substr left right
        replace regexp_replace regexp_extract date_format initcap lpad rpad repeat translate
        md5 sha1 sha2 hex base64 split_part chr char space soundex overlay format_string
        printf monthname dayname bin url_encode url_decode
    """,
    INT: """
        length len char_length character_length year month day dayofmonth dayofweek dayofyear
        hour minute quarter weekofyear weekday instr locate position ascii levenshtein
        row_number rank dense_rank ntile bit_length octet_length array_size
    """,
    BIGINT: """
        count count_if unix_timestamp to_unix_timestamp unix_seconds unix_millis unix_micros
        approx_count_distinct xxhash64
    """,
    DOUBLE: """
        sqrt exp ln log10 log2 power pow stddev stddev_samp stddev_pop variance var_samp
        var_pop corr covar_pop covar_samp percent_rank cume_dist sin cos tan asin acos atan
        atan2 degrees radians cbrt months_between pi e rand
    """,
    BOOLEAN: """
        isnull isnotnull isnan startswith endswith contains rlike regexp regexp_like like
        array_contains bool_and bool_or every some any exists forall arrays_overlap
    """,
    DATE: """
        to_date date current_date curdate date_sub last_day next_day add_months make_date
        date_from_unix_date
    """,
    TIMESTAMP: """
        to_timestamp from_utc_timestamp to_utc_timestamp timestamp_seconds
        timestamp_millis timestamp_micros current_timestamp now timestampadd make_timestamp
    """,
    INTERVAL: "make_interval make_dt_interval make_ym_interval",
}
_SAME_AS_FIRST = """
    min max first first_value last last_value any_value nth_value max_by min_by mode lag lead
    sort_array array_sort array_distinct slice filter shuffle array_compact
    array_remove array_except
"""
_WIDEST = "coalesce greatest least"
_NUMBER = "abs negative positive"
_SIMPLE = frozenset({"tinyint", "smallint", "int", "bigint", "double", "string", "boolean", "void"})
_ARRAY_OF_FIRST = "collect_list collect_set array_agg"

Rule = Callable[[Sequence[Type]], Type]


def result(name: str, arguments: Sequence[Type]) -> Type:
    """The type of `name(arguments)`; None where it is not certain."""
    rule = _RULES.get(name)
    return rule(arguments) if rule else None


def _first(arguments: Sequence[Type]) -> Type:
    return arguments[0] if arguments else None


def _date_add(arguments: Sequence[Type]) -> Type:
    return DATE if len(arguments) == 2 else TIMESTAMP if arguments[-1] == TIMESTAMP else None


def _date_sub(arguments: Sequence[Type]) -> Type:
    return BIGINT if len(arguments) == 3 else None


def _integral(arguments: Sequence[Type]) -> Type:
    certain = len(arguments) == 1 and (is_fraction(arguments[0]) or is_integer(arguments[0]))
    return BIGINT if certain else None


def _rounded(arguments: Sequence[Type]) -> Type:
    kind = _first(arguments)
    return kind if is_fraction(kind) or is_integer(kind) else None


def _concat(arguments: Sequence[Type]) -> Type:
    kind = widest(arguments)
    return kind if kind is not None and kind.name in ("string", "array") else None


def _string_or_array(arguments: Sequence[Type]) -> Type:
    return _concat(arguments[:1])


def _date_trunc(arguments: Sequence[Type]) -> Type:
    return TIMESTAMP if arguments[-1:] == [TIMESTAMP] else None


def _number(arguments: Sequence[Type]) -> Type:
    kind = _first(arguments)
    return kind if is_numeric(kind) else None


def _null_if(arguments: Sequence[Type]) -> Type:
    same = len(arguments) == 2 and arguments[0] == arguments[1]
    return arguments[0] if same else None


def _if_null(arguments: Sequence[Type]) -> Type:
    """Sail turns other types into strings here; coalesce keeps them."""
    simple = all(kind is not None and kind.name in _SIMPLE for kind in arguments)
    return widest(arguments) if simple else None


def _if_present(arguments: Sequence[Type]) -> Type:
    return branch(arguments[1:]) if _if_null(arguments[1:]) in (INT, BIGINT, STRING) else None


def _flat(arguments: Sequence[Type]) -> Type:
    inner = element(_first(arguments))
    return inner if inner is not None and inner.name == "array" else None


def _rules() -> dict[str, Rule]:
    rules: dict[str, Rule] = {}
    for kind, names in _FIXED.items():
        rules |= dict.fromkeys(names.split(), lambda _, kind=kind: kind)  # type: ignore[misc]
    rules |= dict.fromkeys(_SAME_AS_FIRST.split(), _first)
    rules |= dict.fromkeys(_WIDEST.split(), widest)
    rules |= dict.fromkeys(_NUMBER.split(), _number)
    rules |= dict.fromkeys(_ARRAY_OF_FIRST.split(), lambda a: array_of(_first(a)))
    return rules | {
        "sum": lambda a: total(_first(a)),
        "avg": lambda a: mean(_first(a)),
        "mean": lambda a: mean(_first(a)),
        "if": lambda a: branch(a[1:]),
        "nvl2": _if_present,
        "ifnull": _if_null,
        "nvl": _if_null,
        "nullif": _null_if,
        "array": lambda a: array_of(widest(a)),
        "split": lambda _: array_of(STRING),
        "element_at": lambda a: element(_first(a)),
        "try_element_at": lambda a: element(_first(a)),
        "get": lambda a: element(_first(a)),
        "explode": lambda a: element(_first(a)),
        "explode_outer": lambda a: element(_first(a)),
        "array_min": lambda a: element(_first(a)),
        "array_max": lambda a: element(_first(a)),
        "flatten": _flat,
        "concat": _concat,
        "reverse": _string_or_array,
        "ceil": _integral,
        "ceiling": _integral,
        "floor": _integral,
        "round": _rounded,
        "date_add": _date_add,
        "dateadd": _date_add,
        "date_diff": _date_sub,
        "datediff": _date_sub,
        "timestampdiff": _date_sub,
        "trunc": lambda a: DATE if len(a) == 2 else None,
        "date_trunc": _date_trunc,
    }


_RULES = _rules()
