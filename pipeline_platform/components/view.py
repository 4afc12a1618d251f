"""Component: one SQL statement over a stream, answered exactly at every moment."""

from dataclasses import dataclass

import dagster as dg

from pipeline_platform.components.project import ProjectComponent, of_project, refused
from pipeline_platform.components.scaffolding import ViewScaffolder
from pipeline_platform.components.view_assets import view_definitions
from pipeline_platform.declarations.view_attributes import ViewAttributes


@dg.scaffold_with(ViewScaffolder)
@dataclass
class View(ProjectComponent):
    """Aggregates over one stream, `view.sql`, exact at every moment.

    Gives `serving.<view>`: the merged answer of what the batch settled and of what has come
    since, computed when read. Late and repeated events are in it exactly once. The assets are
    `serving/<view>`, which brings the view up, and `serving/<view>__batch`, which settles its
    days; the answer is the same whichever of the two paths is on.

    ```yaml
    # defs/aviation/departures_by_hour/defs.yaml declares serving.departures_by_hour
    type: pipeline_platform.components.View

    attributes:
      description: Departures and delays by airport and hour.
      owner: team:aviation
      paths: both
      freshness: 1h
      columns:
        hour: {description: Scheduled hour of departure (UTC).}
        departures: {description: Flights that departed.}
      checks:
        - unique: [origin, hour]
    ```

    ```sql
    -- defs/aviation/departures_by_hour/view.sql
    SELECT origin, time_hour AS hour, count(dep_time) AS departures, max(dep_delay) AS worst
    FROM serving.flights
    GROUP BY origin, time_hour
    ```
    """

    attributes: ViewAttributes

    @classmethod
    def model(cls) -> type[ViewAttributes]:
        """The YAML's schema."""
        return ViewAttributes

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The view's assets and checks."""
        with refused():
            declared = of_project(context)
            return view_definitions(declared.views[self.name], declared)
