"""Two answers side by side: the first row of either that the other lacks."""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

Row = tuple[Any, ...]
Loose = Mapping[int, float]
"""By place of a column: the share that its values may lie apart, absolute below 1."""


class Answer(NamedTuple):
    """Types by column in Spark's words, and rows in any order, whose values can be hashed."""

    types: dict[str, str]
    rows: list[Row]


class Apart(NamedTuple):
    """The first thing that differs; `column` is empty where only one side has the group."""

    group: dict[str, Any]
    column: str
    expected: Any
    found: Any


def first_apart(own: Answer, merged: Answer, keys: Sequence[int], loose: Loose) -> Apart | None:
    """The first difference in types or rows, or None; `keys` are places of key columns."""
    if own.types != merged.types:
        return _types_apart(own.types, merged.types)
    lacking = unmatched(own.rows, merged.rows, loose)
    beyond = unmatched(merged.rows, own.rows, loose)
    if not lacking and not beyond:
        return None
    names, expected = list(own.types), lacking[0] if lacking else None
    twin = next((r for r in beyond if expected and at(r, keys) == at(expected, keys)), None)
    shown = expected or beyond[0]
    group = {names[n]: shown[n] for n in keys}
    if expected is None:
        return Apart(group, "", "no such row", dict(zip(names, shown, strict=True)))
    if twin is None:
        return Apart(group, "", dict(zip(names, expected, strict=True)), "no such row")
    differing = (n for n, e in enumerate(expected) if not close(twin[n], e, loose.get(n, 0.0)))
    column = next(differing, 0)
    return Apart(group, names[column], expected[column], twin[column])


def _types_apart(own: Mapping[str, str], merged: Mapping[str, str]) -> Apart:
    if list(own) != list(merged):
        return Apart({}, "", list(own), list(merged))
    column = next(name for name in own if own[name] != merged[name])
    return Apart({}, column, own[column], merged[column])


def at(row: Row, places: Sequence[int]) -> Row:
    """The values at these places."""
    return tuple(row[n] for n in places)


def unmatched(rows: Sequence[Row], others: Sequence[Row], loose: Loose) -> list[Row]:
    """Rows left when each took an equal of the others, loose columns within their tolerance."""
    free: defaultdict[Row, list[Row]] = defaultdict(list)
    for other in others:
        free[_without(other, loose)].append(other)
    left = []
    for row in rows:
        candidates = free[_without(row, loose)]
        found = next((n for n, other in enumerate(candidates) if _near(other, row, loose)), None)
        if found is None:
            left.append(row)
        else:
            del candidates[found]
    return left


def _without(row: Row, places: Loose) -> Row:
    return tuple(value for n, value in enumerate(row) if n not in places) if places else row


def _near(row: Row, other: Row, loose: Loose) -> bool:
    return all(close(row[n], other[n], tolerance) for n, tolerance in loose.items())


def close(found: Any, expected: Any, tolerance: float) -> bool:
    """Whether two values are equal, numbers within the tolerance."""
    if found == expected or not tolerance:
        return bool(found == expected)
    if isinstance(found, tuple) and isinstance(expected, tuple):
        pairs = zip(found, expected, strict=False)
        return len(found) == len(expected) and all(close(a, b, tolerance) for a, b in pairs)
    if isinstance(found, int | float | Decimal) and isinstance(expected, int | float | Decimal):
        difference, size = abs(float(found) - float(expected)), abs(float(expected))
        return math.isfinite(size) and difference <= tolerance * max(1.0, size)
    return False


def hashable(value: Any) -> Any:
    """A value that equals itself, NaN too."""
    if isinstance(value, list):
        return tuple(map(hashable, value))
    if isinstance(value, dict):
        return tuple((name, hashable(one)) for name, one in value.items())
    return value if value == value else "NaN"
