"""Strict JSON of one row, by RFC 8259: a value, or the first fault."""

import json
import re
from typing import Any, NoReturn

from pipeline_platform.contracts.verdicts import Reason

MAX_DEPTH = 100
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F])|.)",
    re.DOTALL,
)


class Fault(Exception):
    """Why a row is refused: reason, column at fault (or empty), and a sentence."""

    def __init__(self, reason: Reason, detail: str, column: str = "") -> None:
        super().__init__(detail)
        self.reason, self.detail, self.column = reason, detail, column


class Number(str):
    """A JSON number as it is written."""

    __slots__ = ()


def parse_object(row: bytes) -> dict[str, Any]:
    """The members of the one JSON object that `row` is; numbers stay `Number`.

    Faults, in this order: NOT_UTF8, TOO_DEEP, MALFORMED, DUPLICATE_FIELD.
    """
    try:
        text = row.decode()
    except UnicodeDecodeError as error:
        raise Fault(Reason.NOT_UTF8, f"byte {error.start} of the row is not UTF-8") from None
    if text.count("{") + text.count("[") > MAX_DEPTH:
        _check_depth(text)
    repeated: list[tuple[str, int]] = []
    objects = 0

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal objects
        objects += 1
        found = dict(pairs)
        if len(found) != len(pairs):
            repeated.append((_first_repeated(pairs), objects))
        return found

    decoder = json.JSONDecoder(
        object_pairs_hook=members, parse_float=Number, parse_int=Number, parse_constant=_constant
    )
    try:
        value = decoder.decode(text)
    except json.JSONDecodeError as error:
        detail = f"not JSON: {error.msg} at character {error.pos}"
        raise Fault(Reason.MALFORMED, detail) from None
    if _SURROGATE.search(text):
        _check_surrogates(text)
    if type(value) is not dict:
        raise Fault(Reason.MALFORMED, f"a JSON object was expected, not {kind(value)}")
    if repeated:
        name, order = repeated[0]
        detail = f"the field {name!r} occurs more than once"
        raise Fault(Reason.DUPLICATE_FIELD, detail, name if order == objects else "")
    return value


def kind(value: object) -> str:
    """The JSON kind of a parsed value, in words."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case Number():
            return "a number"
        case str():
            return "a string"
        case list():
            return "an array"
    return "an object"


def canonical(value: object) -> str:
    """JSON text with sorted keys and no white space; numbers as they were written."""
    match value:
        case Number():
            return str(value)
        case list():
            return "[" + ",".join(canonical(item) for item in value) + "]"
        case dict():
            members = (f"{_quote(k)}:{canonical(v)}" for k, v in sorted(value.items()))
            return "{" + ",".join(members) + "}"
    return json.dumps(value, ensure_ascii=False)


def _quote(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


def _constant(name: str) -> NoReturn:
    raise Fault(Reason.MALFORMED, f"not JSON: {name} is no number")


def _first_repeated(pairs: list[tuple[str, Any]]) -> str:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            return name
        seen.add(name)
    raise AssertionError("no name is repeated")


def _check_depth(text: str) -> None:
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > MAX_DEPTH:
            raise Fault(Reason.TOO_DEEP, f"the row nests deeper than {MAX_DEPTH} levels")


def _check_surrogates(text: str) -> None:
    for escape in _ESCAPE.finditer(text):
        if escape[1]:
            detail = f"not JSON: half a surrogate pair at character {escape.start()}"
            raise Fault(Reason.MALFORMED, detail)
