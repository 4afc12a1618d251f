"""Component: features of every row of a spine, as they were known at its instant."""

from dataclasses import dataclass

import dagster as dg

from pipeline_platform.components.feature_assets import feature_definitions
from pipeline_platform.components.project import ProjectComponent, of_project, refused
from pipeline_platform.components.scaffolding import FeatureSetScaffolder
from pipeline_platform.declarations.feature_attributes import FeatureSetAttributes


@dg.scaffold_with(FeatureSetScaffolder)
@dataclass
class FeatureSet(ProjectComponent):
    """Features of every row of a spine, as they were known at the row's instant.

    Gives the asset `feature/<name>`: the kept columns of the spine, then the features, one
    row per row of the spine. A row of another table counts only if it had happened and could
    be known by then. Two checks block what lies downstream: `spine_kept`, and `no_leaks`,
    which computes a sample again with the future removed.

    ```yaml
    # defs/aviation/flight_delay/defs.yaml declares feature.flight_delay
    type: pipeline_platform.components.FeatureSet

    attributes:
      description: What was known of its airport before each flight.
      owner: team:aviation
      spine:
        table: warehouse.fact_flight
        at: scheduled_at
        columns: [scheduled_at, flight_day, carrier, flight, origin, arr_delay]
      partition: {column: flight_day}
      groups:
        - table: serving.weather
          keys: [origin]
          event_ts: time_hour
          available_at: time_hour
          lag: 1h
          ttl: 2d
          features:
            temp: temp
        - table: warehouse.fact_flight
          keys: [origin]
          event_ts: scheduled_at + make_dt_interval(0, 0, 0, dep_delay * 60)
          available_at: scheduled_at + make_dt_interval(0, 0, 0, dep_delay * 60)
          window: 24h
          days_before: 2
          days_after: 1
          features:
            departures_24h: {count: "*"}
            delay_sum_24h: {sum: dep_delay}
    ```
    """

    attributes: FeatureSetAttributes

    @classmethod
    def model(cls) -> type[FeatureSetAttributes]:
        """The YAML's schema."""
        return FeatureSetAttributes

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The table's asset and its checks."""
        with refused():
            declared = of_project(context)
            return feature_definitions(declared.feature_sets[f"feature.{self.name}"], declared)
