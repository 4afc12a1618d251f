"""The engine and the lake of the tests of views."""

from pipeline_platform_tests.views.conftest import engine, lake

__all__ = ["engine", "lake"]
