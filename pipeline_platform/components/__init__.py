"""Dagster components: the kinds of thing a user declares in YAML."""

from pipeline_platform.components.feature_set import FeatureSet
from pipeline_platform.components.model import Model
from pipeline_platform.components.operational_table import OperationalTable
from pipeline_platform.components.stream import Stream
from pipeline_platform.components.view import View

__all__ = ["FeatureSet", "Model", "OperationalTable", "Stream", "View"]
