"""The users' test kit: run what a folder declares over given rows."""

from pipeline_platform.testing.checks import Checks
from pipeline_platform.testing.derived_run import DerivedRun
from pipeline_platform.testing.expectation import expect
from pipeline_platform.testing.feature_run import run_feature_set
from pipeline_platform.testing.model_run import run_model
from pipeline_platform.testing.rows import Rows
from pipeline_platform.testing.stream_run import Landing, StreamRun, run_stream

__all__ = [
    "Checks",
    "DerivedRun",
    "Landing",
    "Rows",
    "StreamRun",
    "expect",
    "run_feature_set",
    "run_model",
    "run_stream",
]
