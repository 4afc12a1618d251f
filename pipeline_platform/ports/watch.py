"""Port: hints that objects may have landed, sooner than a listing would tell."""

from collections.abc import Collection, Iterator, Sequence
from threading import Event
from typing import Protocol


class Watch(Protocol):
    """Hints may be missing, late or wrong; listings are the truth."""

    def hints(self, prefixes: Sequence[str], stop: Event) -> Iterator[Collection[str]]:
        """Keys below `prefixes` that may hold a new object, until `stop` is set.

        A key that ends in a slash means everything below it. A prefix without a folder yet
        is made to be watched.
        """
        ...
