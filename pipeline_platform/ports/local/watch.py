"""Watch of a folder, by what the operating system tells of its files."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Event

from pipeline_platform.ports.local.object_store import lands

_STEP_MS, _DEBOUNCE_MS, _TIMEOUT_MS = 5, 25, 500
_DELETED = 3


class FolderWatch:
    """Hints below `root` within some milliseconds of a rename; the keys are relative to it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def hints(self, prefixes: Sequence[str], stop: Event) -> Iterator[Collection[str]]:
        from watchfiles._rust_notify import RustNotify

        watched = {self._watched(prefix): prefix for prefix in prefixes}
        with RustNotify(list(watched), False, False, 0, True, True) as notify:
            while not stop.is_set():
                found = notify.watch(_DEBOUNCE_MS, _STEP_MS, _TIMEOUT_MS, stop)
                changes = found if isinstance(found, set) else set()
                changed = [path for kind, path in changes if kind != _DELETED]
                yield {key for path in changed for key in _keys(path, watched)}

    def _watched(self, prefix: str) -> str:
        folder = self.root / prefix
        folder.mkdir(parents=True, exist_ok=True)
        return f"{folder.resolve()}/"


def _keys(path: str, watched: Mapping[str, str]) -> Iterator[str]:
    """The key of a file that listings see; that of a folder, with a slash."""
    for folder, prefix in watched.items():
        below = path.removeprefix(folder)
        if below != path and all(map(lands, below.split("/"))):
            yield f"{prefix}{below}/" if Path(path).is_dir() else f"{prefix}{below}"
