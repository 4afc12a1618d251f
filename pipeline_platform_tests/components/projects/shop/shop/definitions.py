"""Entry point of the shop's project."""

from pathlib import Path

import dagster as dg

from pipeline_platform.definitions import build_defs


@dg.definitions
def defs() -> dg.Definitions:
    """All that the shop declares."""
    return build_defs(Path(__file__))
