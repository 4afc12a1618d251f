"""The command `pipeline-platform`."""

from pipeline_platform.cli.app import main

__all__ = ["main"]
