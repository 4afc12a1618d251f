"""Asked rows of a frame sorted by its keys: binary search first, then a filter."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline_platform.serving.asked import Asked, Condition, Value

if TYPE_CHECKING:
    import polars as pl


def ordered(frame: "pl.DataFrame", keys: Sequence[str], *, complete: bool = True) -> "pl.DataFrame":
    """`frame` in one piece, by its keys, NULL first.

    Where the keys are not `complete`, the other columns that have an order decide further.
    """
    others = [] if complete else [n for n, kind in frame.schema.items() if not kind.is_nested()]
    by = list(dict.fromkeys([*keys, *others]))
    return (frame.sort(by, maintain_order=True) if by else frame).rechunk()


def searchable(frame: "pl.DataFrame", keys: Sequence[str]) -> bool:
    """Whether a value of every key has one place in the order; decimals and floats round."""
    kinds = [frame.schema[key] for key in keys]
    return not any(kind.is_float() or kind.is_decimal() for kind in kinds)


def found(frame: "pl.DataFrame", keys: Sequence[str], asked: Asked) -> "pl.DataFrame":
    """The asked rows of an `ordered` frame, in its order."""
    left = dict(asked.conditions)
    for key in keys:
        if key not in left or not searchable(frame, [key]):
            break
        wanted = left[key]
        frame = _narrowed(frame, key, wanted)
        if len(wanted.equal) != 1:
            break
    return frame.filter(_expression(left)) if left and len(frame) else frame


def at(frame: "pl.DataFrame", values: Mapping[str, Value]) -> "pl.DataFrame":
    """The rows of an `ordered` frame whose keys have these values; all `searchable`."""
    for key, value in values.items():
        frame = _between(frame, key, value, value, "right")
    return frame


def _narrowed(frame: "pl.DataFrame", key: str, wanted: Condition) -> "pl.DataFrame":
    """Fewer rows, none of the asked ones lost, by what can be searched for in sorted values."""
    if wanted.null:
        return frame.head(frame[key].null_count())
    if wanted.equal:
        values: list[Any] = sorted(wanted.equal)
        return _between(frame, key, values[0], values[-1], "right")
    if wanted.prefix is not None:
        return _between(frame, key, wanted.prefix, _after(wanted.prefix))
    if wanted.low is not None or wanted.high is not None:
        return _between(frame, key, wanted.low, wanted.high)
    return frame


def _between(
    frame: "pl.DataFrame", key: str, low: Value | None, high: Value | None, side: Any = "left"
) -> "pl.DataFrame":
    column = frame[key]
    nulls = column.null_count()
    column = column.slice(nulls)
    start = int(column.search_sorted(low, "left")) if low is not None else 0
    stop = int(column.search_sorted(high, side)) if high is not None else len(column)
    return frame.slice(nulls + start, max(stop - start, 0))


def _after(prefix: str) -> str | None:
    """The first text after all that start with `prefix`; None where there is none."""
    kept = prefix.rstrip("\U0010ffff")
    if not kept:
        return None
    following = ord(kept[-1]) + 1
    return kept[:-1] + chr(0xE000 if 0xD800 <= following < 0xE000 else following)


def _expression(conditions: Mapping[str, Condition]) -> "pl.Expr":
    import polars as pl

    parts = [part for key, wanted in conditions.items() for part in _parts(pl.col(key), wanted)]
    return pl.all_horizontal(parts)


def _parts(column: "pl.Expr", wanted: Condition) -> list["pl.Expr"]:
    import polars as pl

    parts = []
    if wanted.equal:
        parts.append(pl.any_horizontal([column == value for value in wanted.equal]))
    if wanted.prefix is not None:
        parts.append(column.str.starts_with(wanted.prefix))
    if wanted.low is not None:
        parts.append(column >= wanted.low)
    if wanted.high is not None:
        parts.append(column < wanted.high)
    if wanted.null is not None:
        parts.append(column.is_null() if wanted.null else column.is_not_null())
    return [part.fill_null(False) for part in parts]
