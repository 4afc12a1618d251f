"""Rows by hash of their key into temporary files, to be worked on bucket by bucket."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import polars as pl
import pyarrow as pa

_BUCKET = "__bucket"


class Buckets:
    """`count` buckets for rows of several sources; equal keys meet in the same bucket.

    Lives in `folder`, which whoever made it removes. The hash is that of this process and
    of whole keys, so that no two keys are joined into one text.
    """

    def __init__(self, folder: Path, key: Sequence[str], count: int) -> None:
        self._folder, self._key, self.count = folder, list(key), count

    def scatter(
        self,
        source: str,
        frames: Iterable[pl.DataFrame],
        report: Callable[[int], None] | None = None,
    ) -> None:
        """Write the rows of a source; all frames have the same columns."""
        writers: dict[int, pa.RecordBatchStreamWriter] = {}
        try:
            for frame in frames:
                for bucket, rows in self._parts(frame):
                    table = rows.to_arrow()
                    if bucket not in writers:
                        path = str(self._path(source, bucket))
                        writers[bucket] = pa.ipc.new_stream(path, table.schema)
                    writers[bucket].write_table(table)
                if report:
                    report(frame.height)
        finally:
            for writer in writers.values():
                writer.close()

    def read(self, source: str, bucket: int, empty: pl.DataFrame) -> pl.DataFrame:
        """A source's rows of one bucket; `empty` where it has none."""
        path = self._path(source, bucket)
        if not path.exists():
            return empty
        with pa.OSFile(str(path)) as file:
            rows = pl.DataFrame(pa.ipc.open_stream(file).read_all())
        path.unlink()
        return rows

    def _parts(self, frame: pl.DataFrame) -> Iterable[tuple[int, pl.DataFrame]]:
        if self.count == 1:
            return [(0, frame)]
        hashed = frame.with_columns(
            (pl.struct(self._key).hash() % self.count).cast(pl.Int32).alias(_BUCKET)
        )
        parts = hashed.partition_by(_BUCKET, include_key=False, as_dict=True)
        return [(int(bucket[0]), rows) for bucket, rows in parts.items()]

    def _path(self, source: str, bucket: int) -> Path:
        return self._folder / f"{source}.{bucket}.arrow"
