"""What the project declares, read from its folders without an engine."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pipeline_platform
from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.errors import DeclarationError, UnknownName

if TYPE_CHECKING:
    import dagster as dg

_PATH = Path(pipeline_platform.__file__)


def contracts(stream: str | None = None) -> list[StreamContract]:
    """The contracts of all streams, or of `stream`; UnknownName if it is not declared."""
    from pipeline_platform.components.dagster_internals import ComponentTree
    from pipeline_platform.components.loading import explained
    from pipeline_platform.components.project import of_tree

    tree = ComponentTree.for_project(_PATH)
    with _told(), explained(tree):
        streams = of_tree(tree).streams
    if stream is not None and stream not in streams:
        raise UnknownName("stream", stream, streams)
    return [s.contract for name, s in sorted(streams.items()) if stream in (None, name)]


def definitions() -> "dg.Definitions":
    """All definitions; DeclarationError for a wrong declaration."""
    from pipeline_platform.definitions import build_defs

    with _told():
        return build_defs(_PATH)


@contextmanager
def _told() -> Iterator[None]:
    import dagster as dg

    try:
        yield
    except dg.DagsterInvalidDefinitionError as error:
        raise DeclarationError(str(error)) from None
