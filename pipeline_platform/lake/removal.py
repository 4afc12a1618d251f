"""Removal of a whole table, all its versions with it."""

from datetime import datetime
from uuid import uuid4

from pipeline_platform.lake.files import Files
from pipeline_platform.lake.log import FOLDER
from pipeline_platform.lake.table import LakeTable


def written(table: LakeTable) -> datetime:
    """When the table was last committed to."""
    return max(at for _, _, at in Files(table.uri).listed(FOLDER))


def remove(table: LakeTable) -> int:
    """Delete the table; the bytes that became free.

    The log goes first, in one move, so that nobody finds half of it. Only for tables that
    nobody writes any more and no reader holds.
    """
    files = Files(table.uri)
    size = sum(length for _, length, _ in files.listed())
    files.filesystem.move(files.uri(FOLDER), files.uri(f".{uuid4()}"))
    files.filesystem.delete_dir(files.root)
    return size
