"""The kinds of thing that a folder declares, by the last word of `type:`."""

from pipeline_platform.declarations.feature_attributes import FeatureSetAttributes
from pipeline_platform.declarations.model_attributes import ModelAttributes
from pipeline_platform.declarations.stream_attributes import StreamAttributes
from pipeline_platform.declarations.table_attributes import OperationalTableAttributes
from pipeline_platform.declarations.values import Asset

SCHEMAS: dict[str, type[Asset]] = {
    "Stream": StreamAttributes,
    "OperationalTable": OperationalTableAttributes,
    "Model": ModelAttributes,
    "FeatureSet": FeatureSetAttributes,
}
