"""The users' test kit: run what a folder declares over given rows."""

from pipeline_platform.testing.checks import Checks
from pipeline_platform.testing.derived_run import DerivedRun
from pipeline_platform.testing.expectation import expect
from pipeline_platform.testing.feature_run import run_feature_set
from pipeline_platform.testing.model_run import run_model
from pipeline_platform.testing.rows import Rows
from pipeline_platform.testing.stream_run import Landing, StreamRun, run_stream
from pipeline_platform.testing.view_check import check_view
from pipeline_platform.testing.view_run import ViewRun, run_view

__all__ = [
    "Checks",
    "DerivedRun",
    "Landing",
    "Rows",
    "StreamRun",
    "ViewRun",
    "check_view",
    "expect",
    "run_feature_set",
    "run_model",
    "run_stream",
    "run_view",
]
