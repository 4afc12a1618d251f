"""Spark's strings, LIKE and RLIKE in the words of the regex engine under Polars."""

import re

from pipeline_platform.sql.values import Mismatch

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "0": "\0", "Z": "\x1a"}
_CLASSES = {"d": "0-9", "w": "a-zA-Z0-9_", "s": r" \t\n\x0b\x0c\r"}
_NEWLINES = r"\n\r\u{85}\u{2028}\u{2029}"
_END = rf"(?:\r\n|[{_NEWLINES}])?\z"
_SPECIAL = r"\.+*?()|[]{}^$-/&~#@%_=:;,<>!'\"` "


def string(raw: str) -> str:
    """The value of a string literal as written, quotes included."""
    prefixed = raw[:1] in "rR"
    body = raw[2:-1] if prefixed else raw[1:-1]
    return body if prefixed else _unescaped(body)


def _unescaped(body: str) -> str:
    def one(match: re.Match[str]) -> str:
        code, char = match[1] or match[2] or "", match[4] or ""
        if code:
            return chr(int(code, 16))
        if match[3]:
            return chr(int(match[3], 8))
        return "\\" + char if char in "%_" else _ESCAPES.get(char, char)

    return re.sub(
        r"\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([01][0-7]{2})|(.))", one, body, flags=re.DOTALL
    )


def from_like(pattern: str, escape: str) -> str:
    """A regular expression for the whole text from a LIKE pattern. Mismatch: a stray escape."""
    found, chars = [], iter(pattern)
    for char in chars:
        if char == escape:
            following = next(chars, "")
            if following not in ("%", "_", escape) or not following:
                raise Mismatch(
                    f"LIKE pattern {pattern!r}", f"after {escape} write %, _ or {escape}"
                )
            found.append(re.escape(following))
        else:
            found.append({"%": ".*", "_": "."}.get(char) or re.escape(char))
    return rf"(?s)\A{''.join(found)}\z"


def from_regex(pattern: str, _: str = "") -> str:
    r"""Java's regular expression in ours, where both mean the same.

    `\d \w \s` are ASCII and `.` stops at every line end, as in Java. Mismatch: groups with
    options, look-around, back-references, possessive quantifiers, nested classes.
    """
    found, at, in_class = [], 0, False
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            found.append(_escape(pattern, at, in_class))
            at += 1
        elif in_class:
            in_class = char != "]"
            found.append(_within(pattern, at))
        elif char == "[":
            in_class = True
            negated = pattern[at + 1 : at + 2] == "^"
            found.append("[^" if negated else "[")
            at += negated
        else:
            found.append(_outside(pattern, at))
        at += 1
    result = "".join(found)
    _check(result, pattern)
    return result


def _escape(pattern: str, at: int, in_class: bool) -> str:
    char = pattern[at + 1 : at + 2]
    if char in _CLASSES and char:
        return _CLASSES[char] if in_class else f"[{_CLASSES[char]}]"
    if char.lower() in _CLASSES and char and not in_class:
        return f"[^{_CLASSES[char.lower()]}]"
    if char in ("n", "t", "r", "f"):
        return "\\" + char
    if char and char in _SPECIAL:
        return re.escape(char)
    raise _refused(pattern, f"\\{char}")


def _within(pattern: str, at: int) -> str:
    if pattern[at] == "[" or pattern[at : at + 2] == "&&":
        raise _refused(pattern, "a class inside a class")
    return "\\" + pattern[at] if pattern[at] in "&~" else pattern[at]


def _outside(pattern: str, at: int) -> str:
    char = pattern[at]
    if char == "(" and pattern[at + 1 : at + 2] == "?" and pattern[at + 2 : at + 3] != ":":
        raise _refused(pattern, pattern[at : at + 3])
    if char == "+" and at and pattern[at - 1] in "*+?}" and pattern[at - 2 : at - 1] != "\\":
        raise _refused(pattern, "a possessive quantifier")
    return {".": f"[^{_NEWLINES}]", "$": _END, "^": r"\A"}.get(char, char)


def _check(result: str, pattern: str) -> None:
    python = result.replace(r"\z", r"\Z").replace(r"\u{", r"\x{")
    try:
        re.compile(re.sub(r"\\x\{([0-9a-f]+)\}", lambda m: f"\\u{int(m[1], 16):04x}", python))
    except re.error as error:
        raise _refused(pattern, str(error)) from None


def _refused(pattern: str, what: str) -> Mismatch:
    return Mismatch(
        f"pattern {pattern!r} holds {what}", "use groups, classes, quantifiers, ^, $ and |"
    )
