"""Claims of running batches, which compaction heeds so that they are not overtaken."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import uuid4

from pyarrow import fs

from pipeline_platform.lake.files import Files

FOLDER = "_claims"
STALE = timedelta(hours=1)


class Claims:
    """Files `_claims/<id>.json` in the folder of a state table.

    A batch claims the epoch at which the states stand, then reads again where they stand
    and takes that as its cut. A compactor takes its snapshot, then lists the claims, and
    goes no further than the least of them. Nothing is wrong without claims: a publish
    whose cut was crossed is refused and computed again.
    """

    def __init__(self, uri: str) -> None:
        self._files = Files(uri)

    @contextmanager
    def held(self, epoch: int, at: datetime) -> Iterator[None]:
        """Claim `epoch` for as long as the context lasts."""
        path = f"{FOLDER}/{uuid4()}.json"
        with self._files.create(path) as sink:
            sink.write(json.dumps({"epoch": epoch, "at": at.isoformat()}).encode())
        try:
            yield
        finally:
            self._files.delete([path])

    def least(self, at: datetime | None) -> int | None:
        """The least epoch that is claimed; claims older at `at` than an hour do not count."""
        fresh = (epoch for epoch, made in self._read() if at is None or at - made < STALE)
        return min(fresh, default=None)

    def _read(self) -> Iterator[tuple[int, datetime]]:
        folder = fs.FileSelector(self._files.uri(FOLDER), allow_not_found=True)
        for info in self._files.filesystem.get_file_info(folder):
            body = self._files.read(f"{FOLDER}/{info.base_name}")
            if body:
                claim = json.loads(body)
                yield claim["epoch"], datetime.fromisoformat(claim["at"])
