"""Column types in Spark's words, parsed once and comparable."""

import re

from msgspec import Struct

from pipeline_platform.errors import DeclarationError, UnknownName

_ALIASES = {
    "integer": "int",
    "long": "bigint",
    "short": "smallint",
    "byte": "tinyint",
    "real": "float",
    "bool": "boolean",
    "varchar": "string",
    "text": "string",
    "numeric": "decimal",
    "dec": "decimal",
}
_MEANT = {  # what other systems call a type
    "datetime": "timestamp",
    "timestamptz": "timestamp",
    "float64": "double",
    "number": "double",
    "int32": "int",
    "int64": "bigint",
    "str": "string",
    "char": "string",
    "uuid": "string",
    "json": "string",
    "object": "string",
}
SCALARS = (
    "string",
    "boolean",
    "tinyint",
    "smallint",
    "int",
    "bigint",
    "float",
    "double",
    "decimal",
    "date",
    "timestamp",
    "binary",
)
INTEGERS = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}


class DataType(Struct, frozen=True):
    """One type: a scalar, `array<...>` (element) or `struct<...>` (fields)."""

    name: str
    precision: int = 0
    scale: int = 0
    element: "DataType | None" = None
    fields: tuple[tuple[str, "DataType"], ...] = ()

    def __str__(self) -> str:
        if self.name == "decimal":
            return f"decimal({self.precision},{self.scale})"
        if self.name == "array":
            return f"array<{self.element}>"
        if self.name == "struct":
            return "struct<" + ",".join(f"{n}:{t}" for n, t in self.fields) + ">"
        return self.name

    @classmethod
    def parse(cls, text: str, *, where: str = "") -> "DataType":
        """From Spark DDL: `bigint`, `decimal(10,2)`, `array<struct<a:int>>`."""
        found, rest = _parse(text.strip(), where)
        if rest.strip():
            raise DeclarationError(
                f"type {text!r} goes on after {str(found)!r}",
                where=where,
                known=f"left over: {rest.strip()!r}",
                remedy="write one Spark type, for example decimal(10,2) or array<string>",
            )
        return found


def _parse(text: str, where: str) -> tuple[DataType, str]:
    match = re.match(r"\s*([A-Za-z][A-Za-z0-9]*)\s*", text)
    word = match.group(1).lower() if match else text.strip()
    rest = text[match.end() :] if match else ""
    name = _ALIASES.get(word, word)
    if name == "decimal":
        numbers = re.match(r"\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\)", rest)
        precision, scale = (int(numbers[1]), int(numbers[2] or 0)) if numbers else (10, 0)
        if not (1 <= precision <= 38 and scale <= precision):
            raise DeclarationError(
                f"decimal({precision},{scale}) does not exist",
                where=where,
                known="precision 1 to 38, scale 0 to precision",
                remedy="choose a precision that holds your largest value",
            )
        return DataType("decimal", precision, scale), rest[numbers.end() :] if numbers else rest
    if name == "array":
        element, rest = _parse(_expect(rest, "<", where), where)
        return DataType("array", element=element), _expect(rest, ">", where)
    if name == "struct":
        return _parse_struct(_expect(rest, "<", where), where)
    if name in SCALARS:
        return DataType(name), rest
    known = [*SCALARS, "array<...>", "struct<...>"]
    raise UnknownName("type", word, known, where=where, guess=_MEANT.get(word))


def _parse_struct(text: str, where: str) -> tuple[DataType, str]:
    fields: list[tuple[str, DataType]] = []
    while True:
        match = re.match(r"\s*`?([A-Za-z_][A-Za-z0-9_]*)`?\s*:\s*", text)
        if not match:
            raise DeclarationError(
                f"struct field expected at {text[:20]!r}",
                where=where,
                known="a field is `name:type`",
                remedy="write struct<a:int,b:string>",
            )
        kind, text = _parse(text[match.end() :], where)
        fields.append((match[1], kind))
        text = text.lstrip()
        if not text.startswith(","):
            return DataType("struct", fields=tuple(fields)), _expect(text, ">", where)
        text = text[1:]


def _expect(text: str, char: str, where: str) -> str:
    if not text.lstrip().startswith(char):
        raise DeclarationError(
            f"{char!r} expected at {text[:20]!r} in a nested type",
            where=where,
            known="array<element> and struct<name:type,...> nest",
            remedy="close every bracket that you open",
        )
    return text.lstrip()[1:]
