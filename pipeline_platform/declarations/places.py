"""Where in a YAML file something is declared, for messages that name file and line."""

from dataclasses import dataclass
from pathlib import Path

from dagster_shared.yaml_utils.source_position import SourcePositionTree


@dataclass(frozen=True)
class Place:
    """The folder of a component and the lines of its YAML.

    `root` is the project's folder; messages name files relative to it.
    """

    folder: Path
    root: Path
    tree: SourcePositionTree | None = None

    def at(self, *keys: str | int) -> str:
        """`file:line:column` of the value under `attributes`, or of what is nearest to it."""
        if self.tree is None:
            return self.show(self.folder / "defs.yaml")
        position, _ = self.tree.lookup_closest_and_path(["attributes", *keys], None)
        line, column = position.start
        return f"{self.show(Path(position.filename))}:{line}:{column}"

    def show(self, path: Path) -> str:
        """`path` as messages name it: relative to the project where it lies below it."""
        path = path.absolute()
        return str(path.relative_to(self.root)) if path.is_relative_to(self.root) else str(path)
