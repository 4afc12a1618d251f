"""Command `verify`: recompute streams from raw and views from their rows."""

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click
import msgspec

from pipeline_platform.cli.output import format_option, print_rows

if TYPE_CHECKING:
    from pipeline_platform.declarations.resolution import Declarations
    from pipeline_platform.wiring import Platform

_COLUMNS = ("table", "kind", "day", "rows", "objects", "places")


@click.command()
@click.argument("name", required=False, metavar="[STREAM|VIEW]")
@format_option
def verify(name: str | None, style: str) -> None:
    """Recompute a stream, a view, or all of both, and report every difference.

    The accepted and refused rows of a STREAM are recomputed from raw through the ledger,
    in the time of admitting it again. The answer of a VIEW is recomputed from the rows of
    its stream, and these from raw. Prints each difference with the objects behind it and
    exits 1 if there is one.
    """
    from pipeline_platform.cli.project import declarations, root
    from pipeline_platform.wiring import platform

    here, declared = platform(), declarations(root())
    streams, views = _chosen(declared, name)
    found = [row for stream in streams for row in _of_stream(here, declared, stream)]
    found += [row for view in views for row in _of_view(here, view)]
    if found or style != "table":
        print_rows(_COLUMNS, found, style)
    else:
        click.echo(f"{', '.join(streams)}: accepted and refused rows are exactly what raw gives.")
        if views:
            click.echo(f"{', '.join(views)}: every answer is exactly what the rows give.")
    if found:
        sys.exit(1)


def _chosen(declared: "Declarations", name: str | None) -> tuple[list[str], list[str]]:
    """The streams and the views to look at, in order; UnknownName with all names."""
    from pipeline_platform.errors import UnknownName

    streams, views = sorted(declared.streams), sorted(declared.views)
    if name is None:
        return streams, views
    bare = name.removeprefix("serving.")
    if bare in declared.views:
        return [declared.views[bare].view.stream], [bare]
    if bare not in declared.streams:
        raise UnknownName("stream or view", name, [*streams, *views])
    return [bare], []


def _of_stream(here: "Platform", declared: "Declarations", stream: str) -> Iterator[list[Any]]:
    from pipeline_platform.ingest.verify import verify as differences

    for row in differences(here.admission(declared.streams[stream].contract)):
        yield [getattr(row, column) for column in _COLUMNS]


def _of_view(here: "Platform", view: str) -> Iterator[list[Any]]:
    """Differences of a view, a row for each group; a view that is not built has none."""
    from pipeline_platform.views.live import live

    if live(here.lake, view) is None:
        click.echo(f"serving.{view}: not built yet, nothing to verify", err=True)
        return
    for found in here.proof(view).whole():
        kind = "changed" if found.answered and found.recomputed else "extra"
        kind = kind if found.answered else "missing"
        group = msgspec.json.encode(found.group, enc_hook=str).decode()
        yield [f"serving.{view}", kind, found.day, 1, found.objects, (group,)]
