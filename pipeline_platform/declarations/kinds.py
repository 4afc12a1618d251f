"""The kinds of thing that a folder declares, by the last word of `type:`."""

from pipeline_platform.declarations.feature_attributes import FeatureSetAttributes
from pipeline_platform.declarations.model_attributes import ModelAttributes
from pipeline_platform.declarations.stream_attributes import StreamAttributes
from pipeline_platform.declarations.table_attributes import OperationalTableAttributes
from pipeline_platform.declarations.values import Asset
from pipeline_platform.declarations.view_attributes import ViewAttributes

SCHEMAS: dict[str, type[Asset]] = {
    "Stream": StreamAttributes,
    "OperationalTable": OperationalTableAttributes,
    "Model": ModelAttributes,
    "View": ViewAttributes,
    "FeatureSet": FeatureSetAttributes,
}
