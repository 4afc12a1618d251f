"""Working folders for a new stream or model, made by `dg scaffold defs`."""

from pathlib import Path
from string import Template
from typing import Any, ClassVar

import dagster as dg

_STREAM = Template("""\
type: $type

attributes:
  description: One row per event of $name.
  owner: team:data
  landing:
    prefix: $name/
    format: ndjson
  start: 2026-01-01
  event_id: [id]
  event_time: happened_at
  unknown_fields: keep
  columns:
    id: {type: string, nullable: false, description: Identifies the event.}
    happened_at: {type: timestamp, nullable: false, description: When it happened (UTC).}
    amount:
      type: bigint
      description: How much of it there was.
      rules:
        - range: {min: 0}
          on_fail: warn
""")
_MODEL = Template("""\
type: $type

attributes:
  description: Says once what this table is; the SQL beside this file computes it.
  owner: team:data
  layer: mart
  columns:
    answer: {description: The one number of this table., nullable: false}
  checks:
    - not_null: [answer]
      blocking: true
""")
_SQL = "SELECT 42 AS answer\n"


class _FolderScaffolder(dg.Scaffolder[Any]):
    template: Template
    files: ClassVar[dict[str, str]] = {}

    def scaffold(self, request: dg.ScaffoldRequest[Any]) -> None:
        """Write the YAML and what belongs beside it."""
        folder = Path(request.target_path)
        text = self.template.substitute(type=request.type_name, name=folder.name)
        (folder / "defs.yaml").write_text(text)
        for name, body in self.files.items():
            (folder / name).write_text(body)


class StreamScaffolder(_FolderScaffolder):
    """A stream of NDJSON events with id and event time."""

    template = _STREAM


class ModelScaffolder(_FolderScaffolder):
    """A SQL model that works as it stands."""

    template = _MODEL
    files: ClassVar[dict[str, str]] = {"model.sql": _SQL}
