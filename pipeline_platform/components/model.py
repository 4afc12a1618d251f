"""Component: a table computed from others by SQL or Python."""

from dataclasses import dataclass

import dagster as dg

from pipeline_platform.components.model_assets import model_definitions
from pipeline_platform.components.project import ProjectComponent, of_project, refused
from pipeline_platform.components.scaffolding import ModelScaffolder
from pipeline_platform.declarations.model_attributes import ModelAttributes


@dg.scaffold_with(ModelScaffolder)
@dataclass
class Model(ProjectComponent):
    """A table computed by one Spark SQL statement, `model.sql`, beside the YAML.

    Dependencies, columns and column lineage are read from the SQL. Tables are named
    `layer.table`. A table cut into days computes a window of days in one statement, given
    as `:start` (inclusive) and `:end` (exclusive). A `model.py` with
    `def model(spark, inputs, start, end)` may stand in place of the SQL; it then declares its
    inputs, columns and types.

    ```yaml
    # defs/aviation/airport_day/defs.yaml declares mart.airport_day
    type: pipeline_platform.components.Model

    attributes:
      description: Flights and delays per airport of origin and New York day.
      owner: team:aviation
      layer: mart
      partition: {column: day, timezone: America/New_York}
      columns:
        day: {description: Scheduled day of departure in New York.}
        origin: {description: Airport of departure.}
        flights: {description: Scheduled flights.}
      checks:
        - unique: [day, origin]
          blocking: true
        - not_null: [flights]
        - range: {column: flights, min: 1}
        - accepted_values: {column: origin, values: [EWR, JFK, LGA]}
        - reference: {columns: [origin], to: warehouse.dim_airport(airport)}
          severity: warn
        - expression: cancelled <= flights
          name: cancelled_are_flights
      inputs:
        warehouse.fact_flight: {days_before: 0, days_after: 1}
    ```

    ```sql
    -- defs/aviation/airport_day/model.sql
    SELECT to_date(from_utc_timestamp(scheduled_at, 'America/New_York')) AS day,
           origin, count(*) AS flights, count_if(cancelled) AS cancelled
    FROM warehouse.fact_flight
    WHERE to_date(from_utc_timestamp(scheduled_at, 'America/New_York')) >= :start
      AND to_date(from_utc_timestamp(scheduled_at, 'America/New_York')) < :end
    GROUP BY 1, 2
    ```
    """

    attributes: ModelAttributes

    @classmethod
    def model(cls) -> type[ModelAttributes]:
        """The YAML's schema."""
        return ModelAttributes

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The table's asset and its checks."""
        with refused():
            declared = of_project(context)
            name = f"{self.attributes.layer}.{self.name}"
            return model_definitions(declared.models[name], declared)
