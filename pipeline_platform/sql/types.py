"""Result types of Spark's operators, where every engine gives the same."""

from collections.abc import Sequence

from pipeline_platform.contracts.types import INTEGERS, DataType

VOID = DataType("void")
BOOLEAN, STRING, DATE, TIMESTAMP = map(DataType, ("boolean", "string", "date", "timestamp"))
INT, BIGINT, DOUBLE = map(DataType, ("int", "bigint", "double"))
INTERVAL = DataType("interval")
MAX_PRECISION = 38

Type = DataType | None
_DIGITS = {"tinyint": 3, "smallint": 5, "int": 10, "bigint": 20}


def known(kind: Type) -> Type:
    """`kind` if a table can hold it, else None (the type of a bare NULL, an interval)."""
    if kind is None or kind.name in ("void", "interval"):
        return None
    if kind.element is not None and known(kind.element) is None:
        return None
    return None if any(known(inner) is None for _, inner in kind.fields) else kind


def is_integer(kind: Type) -> bool:
    """tinyint to bigint."""
    return kind is not None and kind.name in INTEGERS


def is_fraction(kind: Type) -> bool:
    """float or double."""
    return kind is not None and kind.name in ("float", "double")


def is_numeric(kind: Type) -> bool:
    """An integer, fraction or decimal."""
    return is_integer(kind) or is_fraction(kind) or (kind is not None and kind.name == "decimal")


def widest(kinds: Sequence[Type]) -> Type:
    """The type of COALESCE, GREATEST, array(...) over these arguments."""
    found: Type = VOID
    for kind in kinds:
        found = _wider(found, kind)
    return found


def branch(kinds: Sequence[Type]) -> Type:
    """The type of CASE and IF: Sail takes the first, so it is certain if that is the widest."""
    first = next((kind for kind in kinds if kind != VOID), VOID)
    return first if first == widest(kinds) else None


def _wider(left: Type, right: Type) -> Type:
    if left is None or right is None:
        return None
    if left == right or right == VOID:
        return left
    if left == VOID:
        return right
    if is_integer(left) and is_integer(right):
        return max(left, right, key=lambda kind: INTEGERS[kind.name])
    names = {left.name, right.name}
    if "double" in names and names <= {"double", "float", *INTEGERS}:
        return DOUBLE
    return None


def arithmetic(operator: str, left: Type, right: Type) -> Type:
    """The type of `left operator right`; operator is one of + - * / % div."""
    if left is None or right is None:
        return None
    if not (is_numeric(left) and is_numeric(right)):
        return _temporal(operator, left, right)
    if operator == "div":
        return BIGINT if is_integer(left) and is_integer(right) else None
    if "decimal" in (left.name, right.name):
        return _decimal_arithmetic(operator, left, right)
    if operator == "/":
        return DOUBLE
    if is_fraction(left) or is_fraction(right):
        return left if left == right else DOUBLE if DOUBLE in (left, right) else None
    return _wider(left, right)


def _temporal(operator: str, left: DataType, right: DataType) -> Type:
    if operator == "+" and left == INTERVAL:
        left, right = right, left
    if right == INTERVAL and left == TIMESTAMP and operator in "+-":
        return TIMESTAMP
    if left == DATE and is_integer(right) and right != BIGINT and operator in "+-":
        return DATE
    return None


def _decimal_arithmetic(operator: str, left: DataType, right: DataType) -> Type:
    if is_fraction(left) or is_fraction(right):
        return DOUBLE if DOUBLE in (left, right) else None
    (p1, s1), (p2, s2) = _decimal(left), _decimal(right)
    if operator == "*":
        precision, scale = p1 + p2 + 1, s1 + s2
    elif operator in "+-":
        scale = max(s1, s2)
        precision = max(p1 - s1, p2 - s2) + scale + 1
    else:
        return None
    return DataType("decimal", precision, scale) if precision <= MAX_PRECISION else None


def _decimal(kind: DataType) -> tuple[int, int]:
    return (kind.precision, kind.scale) if kind.name == "decimal" else (_DIGITS[kind.name], 0)


def total(kind: Type) -> Type:
    """The type of sum."""
    if is_integer(kind):
        return BIGINT
    if is_fraction(kind):
        return DOUBLE
    if kind is not None and kind.name == "decimal":
        return DataType("decimal", min(MAX_PRECISION, kind.precision + 10), kind.scale)
    return None


def mean(kind: Type) -> Type:
    """The type of avg."""
    if is_integer(kind) or is_fraction(kind):
        return DOUBLE
    if kind is not None and kind.name == "decimal" and kind.precision + 4 <= MAX_PRECISION:
        return DataType("decimal", kind.precision + 4, kind.scale + 4)
    return None


def element(kind: Type) -> Type:
    """The type of an element of an array."""
    return kind.element if kind is not None else None


def array_of(kind: Type) -> Type:
    """The type of an array of `kind`."""
    return None if kind is None else DataType("array", element=kind)
