"""The page `ten-minutes.md` as steps: commands, files and what is printed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "ten-minutes.md"
_BLOCK = re.compile(r"^## (?P<title>[^\n]*)$|^```(?P<kind>\w+)\n(?P<body>.*?)^```$", re.M | re.S)
_NAMED = re.compile(r"^(?:#|--) (?P<path>\S+\.\w+)\n")
_NOT_HERE = ("python3 -m venv", ". .venv/bin/activate", "pip install", "dg dev")


@dataclass(frozen=True)
class Step:
    """One block of the page.

    `kind` is `sh` (commands), `file` (`text` belongs at `path`) or `text` (what the commands
    before it print).
    """

    section: str
    kind: str
    text: str
    path: str = ""


def steps() -> list[Step]:
    """All blocks in order; commands that install or serve are left out."""
    return list(_steps(PAGE.read_text()))


def _steps(page: str) -> Iterator[Step]:
    section = ""
    for block in _BLOCK.finditer(page):
        kind, body = block["kind"], block["body"]
        if block["title"]:
            section = block["title"]
        elif named := _NAMED.match(body):
            yield Step(section, "file", body, named["path"])
        elif kind == "sh":
            lines = [line for line in body.splitlines() if not line.startswith(_NOT_HERE)]
            if lines:
                yield Step(section, "sh", "\n".join(lines))
        else:
            yield Step(section, kind, body)
