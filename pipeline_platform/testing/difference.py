"""What differs between the rows found and the rows expected."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple

from pipeline_platform.testing.table import MOST_ROWS, aligned, further, shortly, table
from pipeline_platform.testing.values import same

Row = dict[str, Any]
_TELLING = 4  # columns that are equal and shown to tell differing rows apart
_SOUGHT = 200  # rows among which a partner of a missing row is looked for


class Difference(NamedTuple):
    """Rows without a partner, and pairs (expected, found) that share most of their values."""

    missing: list[Row]
    unexpected: list[Row]
    differing: list[tuple[Row, Row]]

    @property
    def none(self) -> bool:
        """Whether every row has its equal."""
        return not (self.missing or self.unexpected or self.differing)


def difference(
    found: Sequence[Row], expected: Sequence[Row], columns: Sequence[str], tolerance: float
) -> Difference:
    """Match rows one to one, in any order, by these columns; what is left over.

    Equal rows are matched first, then those within the tolerance.
    """
    missing, unexpected = _unequal(expected, found, columns)
    if tolerance:
        missing, unexpected = _apart(missing, unexpected, columns, tolerance)
    return _paired(missing, unexpected, columns)


def _unequal(
    expected: Sequence[Row], found: Sequence[Row], columns: Sequence[str]
) -> tuple[list[Row], list[Row]]:
    free: defaultdict[Any, list[int]] = defaultdict(list)
    for n in reversed(range(len(found))):
        free[_key([found[n].get(c) for c in columns])].append(n)
    missing, matched = [], set()
    for row in expected:
        equal = free.get(_key([row.get(c) for c in columns]))
        if equal:
            matched.add(equal.pop())
        else:
            missing.append(row)
    return missing, [row for n, row in enumerate(found) if n not in matched]


def _key(value: Any) -> Any:
    """What is equal exactly for values that are the same; it can be hashed."""
    if isinstance(value, list):
        return tuple(map(_key, value))
    if isinstance(value, dict):
        return tuple((name, _key(one)) for name, one in sorted(value.items()))
    return value if value == value else "NaN"


def _apart(
    expected: list[Row], found: list[Row], columns: Sequence[str], tolerance: float
) -> tuple[list[Row], list[Row]]:
    free, missing = list(found), []
    for row in expected:
        at = next((n for n, one in enumerate(free) if alike(one, row, columns, tolerance)), None)
        if at is None:
            missing.append(row)
        else:
            del free[at]
    return missing, free


def alike(found: Row, expected: Row, columns: Sequence[str], tolerance: float) -> bool:
    """Whether two rows are the same in these columns."""
    return all(same(found.get(c), expected.get(c), tolerance) for c in columns)


def _paired(missing: list[Row], unexpected: list[Row], columns: Sequence[str]) -> Difference:
    """Pair the rows that share the most values, half of them at least."""
    lone, free, pairs = [], list(unexpected), []
    for row in missing:
        shared = [sum(same(o.get(c), row.get(c)) for c in columns) for o in free[:_SOUGHT]]
        most = max(shared, default=0)
        if most and 2 * most >= len(columns):
            pairs.append((row, free.pop(shared.index(most))))
        else:
            lone.append(row)
    return Difference(lone, free, pairs)


def explained(found: Difference, columns: Sequence[str]) -> list[str]:
    """The difference as lines of text: small tables, long ones cut."""
    lines = _differing(found.differing, columns) if found.differing else []
    for title, rows in (("missing", found.missing), ("unexpected", found.unexpected)):
        if rows:
            lines += [f"{title} ({len(rows)}):", *(f"  {line}" for line in table(columns, rows))]
    return lines


def _differing(pairs: Sequence[tuple[Row, Row]], columns: Sequence[str]) -> list[str]:
    wrong = {c for wanted, one in pairs for c in columns if not same(one.get(c), wanted.get(c))}
    telling = [c for c in columns if c not in wrong][:_TELLING]
    shown = [c for c in columns if c in wrong or c in telling]
    cells = [[_cell(one.get(c), wanted.get(c)) for c in shown] for wanted, one in pairs[:MOST_ROWS]]
    lines = [*aligned(shown, cells), *further(len(pairs))]
    return [f"differing ({len(pairs)}):", *(f"  {line}" for line in lines)]


def _cell(found: Any, expected: Any) -> str:
    if same(found, expected):
        return shortly(expected)
    return f"{shortly(found)} (expected {shortly(expected)})"
