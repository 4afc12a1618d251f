"""Component: a table of somebody's database, with its history."""

from dataclasses import dataclass

import dagster as dg

from pipeline_platform.components.project import ProjectComponent, of_project, refused
from pipeline_platform.components.scaffolding import TableScaffolder
from pipeline_platform.components.table_assets import table_definitions
from pipeline_platform.declarations.table_attributes import OperationalTableAttributes


@dg.scaffold_with(TableScaffolder)
@dataclass
class OperationalTable(ProjectComponent):
    """A table of a relational database, read by snapshots and kept with its history.

    Gives the assets `raw/<table>` (the snapshots), `serving/<table>` (the rows as the last
    snapshot holds them) and `serving/<table>__history` (every version of every row). One
    consistent read-only snapshot a night, in chunks by the key, so that the source hardly
    notices. The URL comes from an environment variable.

    ```yaml
    # defs/aviation/planes/defs.yaml declares serving.planes and serving.planes__history
    type: pipeline_platform.components.OperationalTable

    attributes:
      description: Planes by registration.
      owner: team:aviation
      source: {url: AVIATION_DATABASE_URL, table: planes}
      key: [tailnum]
      columns:
        tailnum: {type: string, description: Registration of the plane.}
        year: {type: int, description: Year of manufacture.}
    ```
    """

    attributes: OperationalTableAttributes

    @classmethod
    def model(cls) -> type[OperationalTableAttributes]:
        """The YAML's schema."""
        return OperationalTableAttributes

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The table's assets and checks."""
        with refused():
            return table_definitions(of_project(context).source_tables[self.name])
