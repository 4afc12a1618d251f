"""Prints rows as a table for people, or as JSON or CSV for programs."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any

import click
import msgspec

FORMATS = ("table", "json", "csv")
format_option: Callable[..., Any] = click.option(
    "--format",
    "style",
    type=click.Choice(FORMATS),
    default="table",
    show_default=True,
    help="How rows are printed.",
)


def print_rows(columns: Sequence[str], rows: Iterable[Sequence[object]], style: str) -> None:
    """Rows to standard output.

    JSON is one array of objects, a row per line; timestamps are ISO 8601, in UTC with Z;
    a NULL is `null` in JSON, empty in CSV and `NULL` in a table.
    """
    {"table": _table, "json": _json, "csv": _csv}[style](columns, rows)


def _json(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    separator = "["
    for row in rows:
        click.echo(separator, nl=False)
        click.echo(msgspec.json.encode(dict(zip(columns, row, strict=True))), nl=False)
        separator = ",\n"
    click.echo("[]" if separator == "[" else "]")


def _csv(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow(["" if value is None else text(value) for value in row])
    click.echo(buffer.getvalue(), nl=False)


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    listed = [list(row) for row in rows]
    for place, name in enumerate(columns):
        number = any(isinstance(row[place], int | float) for row in listed)
        table.add_column(name, justify="right" if number else "left", overflow="fold")
    for row in listed:
        table.add_row(*("NULL" if value is None else text(value) for value in row))
    console().print(table, markup=False, highlight=False)


def text(value: object) -> str:
    """A value as a table or CSV shows it; nested values as JSON."""
    match value:
        case bool():
            return str(value).lower()
        case datetime():
            utc = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
            return utc.isoformat() + ("Z" if value.tzinfo else "")
        case date() | str() | int() | float():
            return str(value)
        case bytes():
            return value.decode("utf-8", "backslashreplace")
        case dict() | list() | tuple():
            return msgspec.json.encode(value).decode()
    return str(value)


def console() -> Any:
    """Standard output for rich: as wide as the terminal, unbounded where there is none."""
    from rich.console import Console

    found = Console()
    return found if found.is_terminal else Console(width=10_000)
