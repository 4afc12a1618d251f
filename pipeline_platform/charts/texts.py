"""Texts as pictures, pages and Vega's expressions can hold them."""

import re
from typing import Any

ILLEGIBLE = "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"
INSTEAD = "\ufffd"


def legible(value: Any) -> Any:
    """`value` with U+FFFD for what XML forbids, in all texts at any depth.

    The renderer of pictures ends the whole process at such a character.
    """
    if isinstance(value, str):
        return re.sub(ILLEGIBLE, INSTEAD, value)
    if isinstance(value, dict):
        return {key: legible(inner) for key, inner in value.items()}
    return [legible(inner) for inner in value] if isinstance(value, list) else value


def one_line(text: str) -> str:
    """`text` without line ends, which break Vega's expressions."""
    return re.sub("[\t\n\r\x85\u2028\u2029]+", " ", legible(text))
