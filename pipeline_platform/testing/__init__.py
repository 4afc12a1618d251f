"""The users' test kit: run what a folder declares over given rows."""

from pipeline_platform.testing.stream_run import Landing, StreamRun, run_stream

__all__ = ["Landing", "StreamRun", "run_stream"]
