"""Port: hints that objects may have landed, sooner than a listing would tell."""

from collections.abc import Collection, Iterator, Sequence
from threading import Event
from typing import Protocol


class Watch(Protocol):
    """Hints may be missing, late or wrong; listings are the truth."""

    def hints(self, prefixes: Sequence[str], stop: Event) -> Iterator[Collection[str]]:
        """Keys below `prefixes` that may hold a new object, until `stop` is set.

        A key that ends in a slash means everything below it. Also without any hint it gives
        an empty collection every now and then, so that the caller can do other work. A prefix
        without a folder yet is made to be watched.
        """
        ...
