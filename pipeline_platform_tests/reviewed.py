"""Reviewed messages: a text with a heading `## case` above each."""

from pathlib import Path


def messages(path: Path) -> dict[str, str]:
    """The messages by case."""
    parts = path.read_text().split("## ")[1:]
    return {title: body.strip() for title, _, body in (p.partition("\n") for p in parts)}
