"""The platform as a Dagster resource, and its errors as Dagster's."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import dagster as dg

from pipeline_platform.errors import PlatformError, Retry

if TYPE_CHECKING:
    from pipeline_platform.wiring import Platform

KEY = "platform"


class PlatformResource:
    """Store, lake, clock and engine of the configured profile, opened when first used."""

    def platform(self) -> "Platform":
        """The platform that the environment describes."""
        from pipeline_platform.wiring import platform

        return platform()


RESOURCE = PlatformResource()


@contextmanager
def reported() -> Iterator[None]:
    """Let a passing error be retried and a lasting one fail at once, each with its message."""
    try:
        yield
    except Retry as error:
        raise dg.RetryRequested(max_retries=3, seconds_to_wait=5) from error
    except PlatformError as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error
