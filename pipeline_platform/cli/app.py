"""The entry: commands found by name, errors told as text, exit status."""

import os
import sys
from importlib import import_module
from pathlib import Path

import click

from pipeline_platform.errors import PlatformError, likely

_COMMANDS = {
    "init": ("init", "Make a project of your own: a folder to declare things in."),
    "build": ("build", "Admit what landed, take snapshots, build what is out of date."),
    "query": ("query", "Answer a SELECT over the lake's tables, named layer.table."),
    "admit": ("streams", "Admit everything that has landed, now."),
    "stream": ("stream", "Admit what lands, as it lands, and keep the views up to date."),
    "verify": ("verify", "Recompute streams from raw and views from rows; report differences."),
    "replay": ("streams", "Re-admit refused rows under the mended contract."),
    "reprocess": ("streams", "Rebuild a stream's rows from raw under the contract as it is now."),
    "serve": ("serve", "Answer questions about the views over HTTP, with live pages."),
    "doctor": ("doctor", "Say what is configured, missing or broken, and what to do."),
    "demo": ("demo", "Land a year of real flights and weather and build every table."),
}
INTERRUPTED, PIPE_CLOSED = 130, 141  # as shells report SIGINT and SIGPIPE


class PipeClosed(Exception):
    """Nobody reads the output any longer; click would call that a failure."""


class Commands(click.Group):
    """Knows its commands by name; a command's module is imported when it runs."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise PipeClosed from error

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"{__package__}.{_COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            guess = likely(args[0], _COMMANDS)
            meant = f"Did you mean {guess!r}?" if guess else f"Known: {', '.join(_COMMANDS)}."
            ctx.fail(f"No such command {args[0]!r}. {meant}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Dagster's own commands do the rest: `dg scaffold defs` writes examples, `dg check "
    "defs` checks what you declare, `dg dev` opens the UI. Settings are environment variables; "
    "`doctor` shows them.",
)
@click.option(
    "--project",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of the project to work on; default: the one around the current folder.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="pipeline-platform")
@click.pass_context
def commands(context: click.Context, project: Path | None, debug: bool) -> None:
    """A data platform as one Dagster asset graph: streams land, tables answer."""
    from pipeline_platform.cli.project import choose

    if context.invoked_subcommand not in (None, "init", "demo"):
        choose(project)


def main(arguments: list[str] | None = None) -> None:
    """Run a command.

    Exits 0 when done, 1 when it failed, 2 when it was called wrongly, 130 when interrupted,
    141 when nobody reads its output any longer.
    """
    argv = sys.argv[1:] if arguments is None else arguments
    sys.exit(_status(argv))


def _status(argv: list[str]) -> int:
    try:
        done = commands.main(argv, prog_name="pipeline-platform", standalone_mode=False)
        sys.stdout.flush()
        return done if isinstance(done, int) else 0
    except (PipeClosed, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except click.exceptions.Abort:
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except PlatformError as error:
        if "--debug" in argv:
            raise
        click.echo(error.render(), err=True)
        return 1
