"""Ctrl-C while Dagster runs: it takes the signal, and loses what comes between its steps."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any


@contextmanager
def noted() -> Iterator[Callable[[], bool]]:
    """Gives what tells whether SIGINT came, whoever took it or lost it.

    From then on nothing is said of what is raised where Python can only say so, as in a
    callback of the collector or a generator that is left.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    reader, writer = os.pipe()
    for end in (reader, writer):
        os.set_blocking(end, False)
    before, hook = signal.set_wakeup_fd(writer, warn_on_full_buffer=False), sys.unraisablehook

    came = False

    def check() -> bool:
        nonlocal came
        with suppress(BlockingIOError):
            came = signal.SIGINT in os.read(reader, 1024) or came
        return came

    def said(unraisable: Any) -> None:
        if not check():
            hook(unraisable)

    sys.unraisablehook = said
    try:
        yield check
    finally:
        sys.unraisablehook = hook
        signal.set_wakeup_fd(before)
        os.close(reader)
        os.close(writer)
