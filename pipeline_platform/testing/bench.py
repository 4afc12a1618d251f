"""A platform in a temporary folder, and errors that end where the test called."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import cached_property, wraps
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import ParamSpec, TypeVar
from weakref import finalize

from pipeline_platform.engine.engine import Engine
from pipeline_platform.errors import PlatformError, UnknownName
from pipeline_platform.ports.clock import Clock
from pipeline_platform.settings import ENGINES, Settings, from_environment, prepare_process
from pipeline_platform.wiring import Platform

P = ParamSpec("P")
R = TypeVar("R")


class Bench(Platform):
    """The real platform in a folder of its own, which goes when the bench goes.

    Its clock stands at `at`, or runs while that is None.
    """

    def __init__(self, engine: str = "sail") -> None:
        if engine not in ENGINES:
            raise UnknownName("engine", engine, ENGINES)
        home = Path(mkdtemp(prefix="pipeline_platform_"))
        finalize(self, rmtree, home, ignore_errors=True)
        remote = from_environment().spark_remote if engine == "connect" else ""
        super().__init__(Settings(home=home, engine=engine, spark_remote=remote))
        self.at: datetime | None = None

    @cached_property
    def clock(self) -> Clock:
        """The clock."""
        return lambda: self.at or datetime.now(UTC)

    @cached_property
    def engine(self) -> Engine:
        """The engine; its session starts on first use and serves the whole process."""
        if self.settings.engine != "spark":
            return super().engine
        from pipeline_platform.testing.spark import SparkOverRows

        prepare_process("spark")
        return SparkOverRows(self.lake)


def plain(function: Callable[P, R]) -> Callable[P, R]:
    """Let the platform's errors come out as their message, without the stack below."""

    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        __tracebackhide__ = True
        try:
            return function(*args, **kwargs)
        except (PlatformError, AssertionError) as error:
            raised = error.with_traceback(None)
        raise raised from None

    return called
