"""The rows of a block as one String column, without copying them one by one."""

import numpy as np
import polars as pl
import pyarrow as pa

from pipeline_platform.ingest.framing import Block


def row_texts(block: Block) -> pl.Series:
    """Each row with the white space up to the next one; empty text for one not in UTF-8."""
    starts, _ = block.bounds()
    offsets = np.append(starts, len(block.data)).astype(np.int64)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(block.data)]
    array = pa.Array.from_buffers(pa.large_string(), len(starts), buffers)
    try:
        array.validate(full=True)
    except pa.ArrowInvalid:
        return _valid_lines(block)
    found = pl.from_arrow(array)
    assert isinstance(found, pl.Series)
    return found


def _valid_lines(block: Block) -> pl.Series:
    texts = []
    for row in block.rows():
        try:
            texts.append(row.decode())
        except UnicodeDecodeError:
            texts.append("")
    return pl.Series(texts, dtype=pl.String)
