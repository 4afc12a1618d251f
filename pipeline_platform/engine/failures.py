"""What engines raise, in the platform's errors: no stack traces of theirs."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from pipeline_platform.engine.capabilities import FEATURES
from pipeline_platform.errors import (
    CapabilityMissing,
    PlatformError,
    SourceUnavailable,
    StatementFailed,
)

_AWAY = ("RetriesExceeded", "SparkConnectGrpcException", "Py4JNetworkError")
_PLAIN = (
    (r'attribute ObjectName\(\[(?:Identifier\("[^"]*"\), )*Identifier\("([^"]+)"\)\]\).*',
     r"unknown column '\1'"),
    (r"Table not found: (?:\[TABLE_OR_VIEW_NOT_FOUND\] )?.*?: (\S+)", r"unknown table '\1'"),
)  # fmt: skip


@contextmanager
def translated(engine: str, where: str) -> Iterator[None]:
    """Turn errors of PySpark, its JVM and its connection into PlatformErrors."""
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    try:
        yield
    except (PySparkException, Py4JError) as error:
        raise _translate(error, engine, where) from None


def _translate(error: Exception, engine: str, where: str) -> PlatformError:
    kind, message = type(error).__name__, plain(str(error))
    if kind in _AWAY:
        return SourceUnavailable(
            f"engine {engine!r} does not answer",
            where=where,
            known=message,
            remedy="see that the engine is up, then run it again",
        )
    for feature in FEATURES.values():
        if engine in feature.lacking and feature.name in message:
            return CapabilityMissing(
                f"engine {engine!r} lacks {feature.name!r}",
                where=where,
                known=feature.lacking[engine],
                remedy="write it without, or choose another engine",
            )
    return StatementFailed(
        "the statement failed",
        where=where,
        known=f"{message} ({kind} on {engine})",
        remedy="mend the SQL, or the rows that it cannot handle",
    )


def plain(message: str) -> str:
    """The first sentence of an engine's message, without its jargon and its stack."""
    head = re.split(r"\n\s*(?:JVM stacktrace|at |== SQL|\tat )|;?\s*\n'", message)[0]
    text = " ".join(head.split())
    for pattern, words in _PLAIN:
        text = re.sub(pattern, words, text)
    return text[:500]
