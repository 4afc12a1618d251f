"""Rows of many shapes from a seed, for holding a view to its own SQL."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal
from random import Random
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from pipeline_platform.contracts.names import DAY, EPOCH, EVENT_ID, POSITION, ROW
from pipeline_platform.contracts.types import INTEGERS, DataType
from pipeline_platform.contracts.views import DimensionTable

if TYPE_CHECKING:
    import polars as pl

Kind = Literal["wild", "mild", "bland"]
KINDS: tuple[Kind, ...] = ("wild", "mild", "bland")
DAYS = tuple(
    date.fromisoformat(day)
    for day in ("2013-03-10", "2013-11-03", "2024-02-29", "2024-03-31", "1999-12-31")
)
_INSTANTS = (  # seconds into a day: its borders, and where clocks change in New York and Berlin
    *(0.0, 0.000001, 86399.999999, 43200.0, 3599.999999, 3600.0, 86399.0),
    *(5 * 3600.0, 6 * 3600 - 0.000001, 6 * 3600.0, 7 * 3600 - 0.000001, 7 * 3600.0),
)
_TEXTS = (
    *("", " ", "a", "A", "b", "ab", "it's", 'say "x"', "Ä ß", "日本", "😀", "a\\b", "%", "_"),
    *("NULL", "0", "12", "a\tb", "line\nbreak", "x" * 300, "e\u0301", "\u00e9", "a,b|c;d"),
)
_EXACT = Context(prec=80)
_FAR = ("1900-01-01", "1969-12-31", "1970-01-01", "2000-02-29", "2100-12-31")


class Shape(NamedTuple):
    """How many rows, how many values a column has (0: as many as rows), and how odd they are.

    `distinct` are columns that hold no value twice. Where sums may be of doubles, numbers are
    `precise`: none so large that the others vanish beside it.
    """

    rows: int
    values: int
    kind: Kind
    distinct: frozenset[str] = frozenset()
    precise: bool = False


class Literals(NamedTuple):
    """What a statement compares with; generated columns hold these values too."""

    texts: tuple[str, ...] = ()
    numbers: tuple[Decimal, ...] = ()

    @classmethod
    def of(cls, sql: str) -> "Literals":
        """The literals in a statement's text."""
        bare = re.sub(r"--[^\n]*|/\*.*?\*/", " ", sql, flags=re.DOTALL)
        quoted = re.findall(r"'((?:[^'\\]|\\.|'')*)'|\"((?:[^\"\\]|\\.)*)\"", bare)
        texts = [(a or b).replace("''", "'") for a, b in quoted]
        rest = re.sub(r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.)*\"", " ", bare)
        numbers = re.findall(r"(?<![\w.])\d+(?:\.\d+)?(?:[eE][+-]?\d+)?", rest)
        plain = [text.replace("%", "").replace("_", "") for text in texts]
        return cls(
            tuple(dict.fromkeys([*texts, *plain])), tuple(dict.fromkeys(map(Decimal, numbers)))
        )


def ordered_by(sql: str) -> frozenset[str]:
    """The words, in lower case, by which max_by and min_by choose a row."""
    found: set[str] = set()
    for call in re.finditer(r"\b(?:max_by|min_by)\s*\(", sql, re.IGNORECASE):
        depth, commas, start = 1, 0, call.end()
        for at in range(call.end(), len(sql)):
            depth += {"(": 1, ")": -1}.get(sql[at], 0)
            if depth == 1 and sql[at] == "," and not commas:
                commas, start = 1, at + 1
            if not depth:
                found.update(re.findall(r"\w+", sql[start:at].lower()) if commas else ())
                break
    return frozenset(found)


def sketch_tolerance(sql: str) -> float:
    """How far, as a share, the estimates of a statement's smallest sketch may lie apart.

    0 where its sketches hold as many values as a check generates.
    """
    calls = re.findall(r"_sketch_agg\s*\([^()]*(?:\([^()]*\)[^()]*)*,\s*(\d+)\s*\)", sql)
    least = min(map(int, calls), default=12)
    return 0.0 if least >= 12 else float(4 / 2 ** (least / 2))


def accepted_rows(
    columns: Mapping[str, str],
    shape: Shape,
    random: Random,
    literals: Literals,
    pools: Mapping[str, Sequence[Any]] | None = None,
) -> "pl.DataFrame":
    """`shape.rows` rows of these columns (Spark type by name), with the platform's own.

    A column in `pools` holds those values only. Every row has its `_day`; instants mostly
    fall on it, at its borders and where clocks change.
    """
    maker = _Maker(shape, random, literals)
    days = random.sample(DAYS, random.randint(1, len(DAYS)))
    dates = [random.choice(days) for _ in range(shape.rows)]
    made: dict[str, list[Any]] = {
        name: maker.column(name, DataType.parse(kind), dates, (pools or {}).get(name))
        for name, kind in columns.items()
    }
    numbers = list(range(shape.rows))
    own: dict[str, list[Any]] = {
        DAY: dates,
        EPOCH: [0] * shape.rows,
        POSITION: [0] * shape.rows,
        ROW: numbers,
    }
    own[EVENT_ID] = [f"{n:016x}-{n}" for n in numbers]
    return frame(columns, made | {name: v for name, v in own.items() if name in columns})


def dimension_rows(
    dimension: DimensionTable, accepted: "pl.DataFrame", shape: Shape, random: Random
) -> "pl.DataFrame":
    """Rows of a dimension table, whose values are mostly those of the accepted rows.

    Unique as declared; where nothing is said of that, in every column.
    """
    bare = shape._replace(rows=min(shape.rows, 40), distinct=frozenset(), kind="mild")
    maker, made = _Maker(bare, random, Literals()), {}
    types = {**frame(dimension.columns, dict.fromkeys(dimension.columns, ())).schema}
    for name, kind in dimension.columns.items():
        alike = [c for c, found in accepted.schema.items() if found == types[name]]
        named = [name] if name in alike else alike
        pools = [p for c in named if (p := accepted[c].drop_nulls().unique().sort().to_list())]
        own = maker.column(name, DataType.parse(kind), random.choices(DAYS, k=bare.rows), None)
        made[name] = [
            random.choice(random.choice(pools)) if pools and random.random() < 0.8 else value
            for value in own
        ]
    rows = frame(dimension.columns, made)
    for columns in dimension.unique or [(name,) for name in dimension.columns]:
        rows = rows.unique(subset=list(columns), keep="first", maintain_order=True)
    return rows


def frame(columns: Mapping[str, str], values: Mapping[str, Sequence[Any]]) -> "pl.DataFrame":
    """Columns of these Spark types as a Polars frame."""
    import polars as pl

    from pipeline_platform.lake.schema import arrow_schema
    from pipeline_platform.lake.shape import empty_frame

    types = empty_frame(arrow_schema((n, t, True) for n, t in columns.items())).schema
    return pl.DataFrame([pl.Series(n, values[n], types[n], strict=True) for n in columns])


class _Maker:
    """Makes columns of one shape."""

    def __init__(self, shape: Shape, random: Random, literals: Literals) -> None:
        self._shape, self._random, self._literals = shape, random, literals

    def column(
        self, name: str, kind: DataType, days: Sequence[date], pool: Sequence[Any] | None
    ) -> list[Any]:
        """One value per day given; a share of them NULL."""
        shape, random = self._shape, self._random
        nulls = 1.0 if random.random() < 0.04 else random.choice((0.0, 0.1, 0.1, 0.4))
        if pool is None and name.lower() in shape.distinct:
            values = self._distinct(kind, len(days))
        elif pool is None and kind.name in ("timestamp", "date"):
            values = self._times(kind, days)
        else:
            wanted = shape.values or random.choice((2, 3, 12, max(1, shape.rows)))
            values = self._drawn(pool or self._pool(kind, wanted), len(days))
        return [None if random.random() < nulls else value for value in values]

    def _drawn(self, pool: Sequence[Any], count: int) -> list[Any]:
        return [self._random.choice(pool) for _ in range(count)] if pool else [None] * count

    def _pool(self, kind: DataType, count: int) -> list[Any]:
        """`count` values, half of them literals of the statement where some fit."""
        known = self._known(kind)
        chosen = self._random.sample(known, min(len(known), max(2, (count + 1) // 2)))
        return [*chosen, *(self._value(kind) for _ in range(max(0, count - len(chosen))))]

    def _distinct(self, kind: DataType, count: int) -> list[Any]:
        """Values of which none comes twice, as far as the type has so many."""
        if kind.name == "boolean":
            return self._drawn([True, False], count)
        found: dict[str, Any] = {}
        for _ in range(count * 8):
            value = self._spread(kind)
            found.setdefault(repr(value), value)
        known = list(found.values())
        return (self._random.sample(known, min(count, len(known))) + [None] * count)[:count]

    def _spread(self, kind: DataType) -> Any:
        """A value from a range wide enough for all of them to differ."""
        random = self._random
        if kind.name == "string":
            return random.choice(_TEXTS[2:12]) + str(random.randrange(10_000))
        if kind.name == "timestamp":
            return _instant(random.choice(DAYS), random.randrange(86_400_000_000) / 1e6)
        if kind.name == "date":
            return random.choice(DAYS) + timedelta(days=random.randrange(-900, 900))
        if kind.name in INTEGERS:
            most = min(10_000, (1 << INTEGERS[kind.name] - 1) - 1)
            return random.randint(-most, most)
        return self._value(kind)

    def _times(self, kind: DataType, days: Sequence[date]) -> list[Any]:
        """Dates and instants, mostly of the row's own day."""
        random, known = self._random, self._known(kind)
        few = random.sample(_INSTANTS, min(len(_INSTANTS), self._shape.values or 99))
        made = []
        for day in days:
            where = random.random()
            if known and where < 0.2:
                made.append(random.choice(known))
                continue
            far = where > 0.9 and self._shape.kind == "wild"
            on = date.fromisoformat(random.choice(_FAR)) if far else day
            seconds = random.choice(few) if where < 0.7 else random.randrange(86_400)
            made.append(on if kind.name == "date" else _instant(on, seconds))
        return made

    def _known(self, kind: DataType) -> list[Any]:
        """The statement's literals, and their neighbours, as this type holds them."""
        texts, numbers = self._literals
        if kind.name == "string":
            return list(texts)
        if kind.name in ("date", "timestamp"):
            return list(_parsed(texts, kind.name))
        if kind.name in INTEGERS:
            most = (1 << INTEGERS[kind.name] - 1) - 1
            near = (int(n) + more for n in numbers for more in (-1, 0, 1))
            return sorted({n for n in near if abs(n) <= most})
        if kind.name == "decimal":
            step = Decimal(1).scaleb(-kind.scale)
            near_ = (_EXACT.add(n, more) for n in numbers for more in (-step, Decimal(0), step))
            most_ = Decimal(10) ** (kind.precision - kind.scale)
            return sorted({n.quantize(step, context=_EXACT) for n in near_ if abs(n) < most_})
        return [float(n) for n in numbers] if kind.name in ("float", "double") else []

    def _value(self, kind: DataType) -> Any:
        if kind.element is not None:
            element, count = kind.element, self._random.choice((0, 1, 1, 2, 3))
            return [self._or_null(element) for _ in range(count)]
        if kind.name == "struct":
            return {name: self._or_null(field) for name, field in kind.fields}
        if kind.name in INTEGERS:
            return self._integer(INTEGERS[kind.name])
        return _MADE[kind.name](self, kind)

    def _or_null(self, kind: DataType) -> Any:
        return None if self._random.random() < 0.15 else self._value(kind)

    def _integer(self, bits: int) -> int:
        most, random = (1 << min(bits - 1, 40 if self._shape.precise else 63)) - 1, self._random
        if self._shape.kind == "wild" and random.random() < 0.3:
            return random.choice((-most - 1, most, most - 1, 0, -1))
        if self._shape.kind == "bland":
            return random.randint(1, 9)
        return random.randint(-min(most, 1000), min(most, 1000))

    def _decimal(self, kind: DataType) -> Decimal:
        digits = kind.precision if self._shape.kind == "wild" else min(kind.precision, 6)
        most = 10 ** min(digits, 33) - 1  # so that sums over a check's rows fit 38 digits
        random = self._random
        whole = random.choice((most, -most, 0, 1, -1)) if random.random() < 0.3 else None
        unscaled = random.randint(-most, most) if whole is None else whole
        return Decimal(unscaled).scaleb(-kind.scale, _EXACT)

    def _double(self, kind: DataType) -> float:
        random, wild = self._random, self._shape.kind == "wild"
        if wild and random.random() < 0.2:
            return random.choice((float("nan"), float("inf"), -float("inf"), -0.0, 0.0))
        if wild and not self._shape.precise and random.random() < 0.2:
            return random.choice((1e38, -1e38, 1e-38, 0.1, 16777217.0))
        return random.uniform(-1e4, 1e4) if self._shape.kind != "bland" else random.uniform(1, 9)

    def _text(self, kind: DataType) -> str:
        if self._shape.kind == "bland":
            return str(self._random.randint(1, 9))
        number = self._random.randrange(100)
        return self._random.choice((*_TEXTS, f"k{number}", f"k{number}"))

    def _date(self, kind: DataType) -> date:
        return self._random.choice(DAYS)

    def _timestamp(self, kind: DataType) -> datetime:
        return _instant(self._random.choice(DAYS), self._random.choice(_INSTANTS))

    def _binary(self, kind: DataType) -> bytes:
        return self._text(kind).encode() + self._random.choice((b"", b"\x00", b"\xff"))

    def _boolean(self, kind: DataType) -> bool:
        return self._random.random() < 0.5


_MADE: dict[str, Callable[[_Maker, DataType], Any]] = {
    "boolean": _Maker._boolean,
    "decimal": _Maker._decimal,
    "float": _Maker._double,
    "double": _Maker._double,
    "string": _Maker._text,
    "binary": _Maker._binary,
    "date": _Maker._date,
    "timestamp": _Maker._timestamp,
}


def _instant(day: date, seconds: float) -> datetime:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return start + timedelta(microseconds=round(seconds * 1e6))


def _parsed(texts: Iterable[str], kind: str) -> Iterable[Any]:
    for text in texts:
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            continue
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        for near in (aware - timedelta(microseconds=1), aware):
            yield near.date() if kind == "date" else near.astimezone(UTC)
