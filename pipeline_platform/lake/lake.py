"""The lake: tables by name under one root."""

from pathlib import Path

from pipeline_platform.contracts.names import LAYERS, TableName
from pipeline_platform.lake.files import Files
from pipeline_platform.lake.held import Held
from pipeline_platform.lake.table import LakeTable


class Lake:
    """Delta tables at `<root>/<layer>/<name>`; `storage_options` go to Delta and Polars."""

    def __init__(self, root: str | Path, storage_options: dict[str, str] | None = None) -> None:
        self.root = str(Path(root).absolute()) if "://" not in str(root) else str(root)
        self._options = storage_options
        self._files = Files(self.root)
        self._held: dict[str, Held] = {}

    def table(self, name: TableName) -> LakeTable:
        """The table of this name, whether it exists or not."""
        uri = f"{self.root}/{name.layer}/{name.name}"
        held = self._held.setdefault(uri, Held(uri, self._options))
        return LakeTable(name, uri, self, self._options, held)

    def names(self) -> list[TableName]:
        """The tables that exist, by layer and name."""
        found = [TableName(layer, name) for layer in LAYERS for name in self._files.folders(layer)]
        return [name for name in found if self._has_log(name)]

    def _has_log(self, name: TableName) -> bool:
        return "_delta_log" in self._files.folders(f"{name.layer}/{name.name}")
