"""Component: a stream, from landed objects to accepted rows."""

from dataclasses import dataclass

import dagster as dg

from pipeline_platform.components.project import ProjectComponent, of_project, refused
from pipeline_platform.components.scaffolding import StreamScaffolder
from pipeline_platform.components.stream_assets import stream_definitions
from pipeline_platform.declarations.stream_attributes import StreamAttributes


@dg.scaffold_with(StreamScaffolder)
@dataclass
class Stream(ProjectComponent):
    """Objects that land, admitted row by row under a contract into `serving.<stream>`.

    Gives the assets `raw/<stream>` (admission and row accounting), `serving/<stream>`
    (accepted rows by event day) and `serving/<stream>__refused` (refused rows with their
    reason and original bytes), an arrival sensor, and the nightly settlement.

    ```yaml
    # defs/aviation/flights/defs.yaml declares serving.flights in the domain aviation
    type: pipeline_platform.components.Stream

    attributes:
      description: Every departure from New York, one row per scheduled flight.
      owner: team:aviation
      landing:
        prefix: aviation/flights/
        format: ndjson
      start: 2013-01-01
      end: 2014-01-02
      event_id: [time_hour, minute, carrier, flight, origin]
      event_time: time_hour + make_dt_interval(0, 0, minute, 0)
      unknown_fields: refuse
      columns:
        time_hour: {type: timestamp, nullable: false, description: Scheduled hour in UTC.}
        minute: {type: int, nullable: false, description: Scheduled minute of the hour.}
        carrier: {type: string, nullable: false, description: Two-letter code of the airline.}
        flight: {type: int, nullable: false, description: Flight number.}
        origin:
          type: string
          nullable: false
          description: Airport of departure.
          rules:
            - accepted_values: [EWR, JFK, LGA]
              on_fail: warn
        dep_delay:
          type: double
          description: Minutes from scheduled to actual departure; negative is early.
          rules:
            - range: {min: -120, max: 1440}
              on_fail: warn
      rules:
        - name: early_is_modest
          expression: dep_delay >= -60
          on_fail: warn
    ```
    """

    attributes: StreamAttributes

    @classmethod
    def model(cls) -> type[StreamAttributes]:
        """The YAML's schema."""
        return StreamAttributes

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The stream's assets, checks and sensor."""
        with refused():
            return stream_definitions(of_project(context).streams[self.name])
