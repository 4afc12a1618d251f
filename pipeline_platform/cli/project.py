"""What the project declares, read from its definitions without an engine."""

from pipeline_platform.contracts.stream import StreamContract
from pipeline_platform.errors import UnknownName


def contracts(stream: str | None = None) -> list[StreamContract]:
    """The contracts of all streams, or of `stream`; UnknownName if it is not declared."""
    from pipeline_platform.definitions import declarations

    streams = declarations().streams
    if stream is not None and stream not in streams:
        raise UnknownName("stream", stream, streams)
    return [s.contract for name, s in sorted(streams.items()) if stream in (None, name)]
