"""The entry: commands found by name, errors told as text, exit status."""

import sys
from importlib import import_module

import click

from pipeline_platform.errors import PlatformError

_COMMANDS = {
    "demo": ("demo", "Land a year of real flights and weather and build every table."),
    "query": ("query", "Answer a SELECT over the lake's tables, named layer.table."),
    "admit": ("streams", "Admit everything that has landed, now."),
    "verify": ("streams", "Recompute accepted and refused rows from raw; report differences."),
    "replay": ("streams", "Re-admit refused rows under the mended contract."),
    "doctor": ("doctor", "Say what is configured, missing or broken, and what to do."),
}


class Commands(click.Group):
    """Knows its commands by name; a command's module is imported when it runs."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"{__package__}.{_COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Dagster's own commands do the rest: `dg dev` opens the UI, `dg list defs` lists "
    "assets. Settings are environment variables; `doctor` shows them.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="pipeline-platform")
def commands(debug: bool) -> None:
    """A data platform as one Dagster asset graph: streams land, tables answer."""


def main(arguments: list[str] | None = None) -> None:
    """Run a command; exits 0 when done, 1 when it failed, 2 when it was called wrongly."""
    argv = sys.argv[1:] if arguments is None else arguments
    try:
        commands.main(argv, prog_name="pipeline-platform")
    except PlatformError as error:
        if argv[:1] == ["--debug"]:
            raise
        click.echo(error.render(), err=True)
        sys.exit(1)
