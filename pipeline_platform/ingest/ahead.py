"""Work on items ahead of the caller, in two threads, with the order kept."""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain
from typing import TypeVar

WORKERS = 2
QUEUED = 3

In = TypeVar("In")
Out = TypeVar("Out")


def in_order(items: Iterator[In], work: Callable[[In], Out]) -> Iterator[Out]:
    """`work` of each item, in order; at most `QUEUED` results wait for the caller.

    Items are taken by one thread at a time. A single item is worked on by the caller.
    An error of `items` or of `work` is raised where its result would have come.
    """
    first = list(_up_to(items, 2))
    if len(first) < 2:
        yield from map(work, first)
        return
    source = chain(first, items)
    with ThreadPoolExecutor(1) as reader, ThreadPoolExecutor(WORKERS) as workers:
        waiting: deque[Future[list[Out]]] = deque()

        def submit() -> None:
            taken = reader.submit(lambda: list(_up_to(source, 1)))
            waiting.append(workers.submit(lambda: [work(item) for item in taken.result()]))

        try:
            for _ in range(QUEUED):
                submit()
            while result := waiting.popleft().result():
                submit()
                yield from result
        finally:
            for future in waiting:
                future.cancel()


def _up_to(items: Iterator[In], many: int) -> Iterator[In]:
    for _, item in zip(range(many), items, strict=False):
        yield item
