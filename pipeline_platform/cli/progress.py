"""Tells how far a command is: a moving line on a terminal, else a line per step."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import click


class Progress:
    """One line for every step that ended."""

    def __init__(self, output: TextIO) -> None:
        self._name, self._since, self._output = "", 0.0, output

    def begin(self, name: str) -> None:
        """A step has begun."""
        self._name, self._since = name, time.monotonic()

    def part(self, done: int, total: int) -> None:
        """So much of the step is done."""

    def end(self, note: str = "") -> None:
        """The step has ended; `note` says what came of it."""
        seconds = f"{time.monotonic() - self._since:5.1f} s"
        self.say(f"{seconds}  {self._name}{': ' if note else ''}{note}")

    def say(self, line: str) -> None:
        """A line of its own."""
        click.echo(line, file=self._output)


class Live(Progress):
    """The same lines, with the running step and its time below them."""

    def __init__(self, output: TextIO, bar: Any) -> None:
        super().__init__(output)
        self._bar = bar
        self._task = bar.add_task("", total=None, visible=False)

    def begin(self, name: str) -> None:
        super().begin(name)
        self._bar.reset(self._task, description=name, total=None, visible=True)

    def part(self, done: int, total: int) -> None:
        self._bar.update(self._task, completed=done, total=total)

    def end(self, note: str = "") -> None:
        self._bar.update(self._task, visible=False)
        super().end(note)

    def say(self, line: str) -> None:
        self._bar.console.print(line, markup=False, highlight=False)


@contextmanager
def progress() -> Iterator[Progress]:
    """The progress that fits standard error, past Dagster, which redirects it in a run."""
    with os.fdopen(os.dup(sys.stderr.fileno()), "w", buffering=1) as output, _fit(output) as shown:
        yield shown


@contextmanager
def _fit(output: TextIO) -> Iterator[Progress]:
    from rich.console import Console

    console = Console(file=output)
    if not console.is_terminal:
        yield Progress(output)
        return
    from rich import progress as rich

    columns = (
        rich.SpinnerColumn(),
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        rich.TimeElapsedColumn(),
    )
    with rich.Progress(*columns, console=console, transient=True) as bar:
        yield Live(output, bar)
