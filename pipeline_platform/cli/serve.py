"""Command: the views over HTTP, with live pages."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from threading import Event
from typing import TYPE_CHECKING

import click

from pipeline_platform.errors import DeclarationError

if TYPE_CHECKING:
    from pipeline_platform.declarations.resolution import Declarations
    from pipeline_platform.serving.lake_answer import Said
    from pipeline_platform.wiring import Platform


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="0: a free one."
)
@click.option(
    "--memory",
    type=click.IntRange(min=0),
    default=1024,
    show_default=True,
    help="Megabytes of answers held in memory; what does not fit is asked of the engine.",
)
def serve(host: str, port: int, memory: int) -> None:
    """Answer questions about the views over HTTP, by key, and show them on live pages.

    On any address but this machine's own a token is needed, from
    PIPELINE_PLATFORM_SERVE_TOKEN; whoever asks sends it as `Authorization: Bearer`.
    Runs until SIGTERM or Ctrl-C.
    """
    from pipeline_platform.cli.stream import until_told
    from pipeline_platform.wiring import platform

    stop, token = Event(), token_for(host)
    here, said = platform(), declared()
    with (
        closing(here.lasting),
        until_told(stop, here.lasting),
        serving(here, said, host, port, most_bytes=memory << 20, token=token) as url,
    ):
        click.echo(f"{url} answers; {url}/live/<view> moves. Ctrl-C stops.", err=True)
        stop.wait()


@contextmanager
def serving(
    here: "Platform",
    said: "Mapping[str, Said]",
    host: str,
    port: int,
    *,
    most_bytes: int,
    token: str,
) -> Iterator[str]:
    """Serve the views of a platform until the context ends; gives the URL.

    `said` is what the project declares of them.
    """
    from pipeline_platform.serving.http import app
    from pipeline_platform.serving.server import running

    answers = here.answers(said, most_bytes=most_bytes, report=_warn)
    try:
        with running(app(answers.start(), token=token), host, port) as url:
            yield url
    finally:
        answers.close()


def token_for(host: str) -> str:
    """The token that is asked of clients, or empty; Abort where an address needs one."""
    from pipeline_platform.serving.server import refuse_unguarded
    from pipeline_platform.settings import SERVE_TOKEN, serve_token

    token = serve_token()
    refuse_unguarded(host, token, SERVE_TOKEN)
    return token


def declared() -> "dict[str, Said]":
    """What the project declares of its views; the lake answers without it."""
    from pipeline_platform.cli.project import declarations, root

    try:
        return said_of(declarations(root()))
    except DeclarationError as error:
        _warn(f"Views are served without descriptions and charts: {error.render()}")
        return {}


def said_of(declarations: "Declarations") -> "dict[str, Said]":
    """By view its description, owner and chart."""
    from pipeline_platform.serving.lake_answer import Said

    return {
        name: Said(found.attributes.description, found.attributes.owner or "", found.chart)
        for name, found in declarations.views.items()
    }


def _warn(text: str) -> None:
    click.echo(text, err=True)
