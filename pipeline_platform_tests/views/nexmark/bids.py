"""Bids as NEXMark's generator makes them, from a seed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

PERSONS, AUCTIONS, EVENTS = 1, 3, 50  # of 50 events, 46 are bids
FIRST = 1000  # the first id of persons and of auctions
IN_FLIGHT, ACTIVE, LEAD = 100, 1000, 10  # open auctions, bidding persons, ids not yet made
HOT_EVERY = 100  # every hundredth auction and person is a hot one
HOT_CHANNELS = ("Google", "Facebook", "Baidu", "Apple")
CHANNELS = 10_000
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def bids(
    count: int, *, start: datetime = datetime(2024, 3, 30, 22, tzinfo=UTC), step_ms: int, seed: int
) -> Iterator[dict[str, Any]]:
    """`count` bids from `start` on, `step_ms` milliseconds between two events."""
    random, made, event = Random(seed), 0, 0
    while made < count:
        if event % EVENTS >= PERSONS + AUCTIONS:
            yield _bid(event, start + timedelta(milliseconds=event * step_ms), random)
            made += 1
        event += 1


def _bid(event: int, at: datetime, random: Random) -> dict[str, Any]:
    channel, url = _channel(random)
    return {
        "auction": FIRST + _auction(event, random),
        "bidder": FIRST + _bidder(event, random),
        "price": round(10 ** (random.random() * 6) * 100),
        "channel": channel,
        "url": url,
        "dateTime": at.isoformat(timespec="milliseconds"),
        "extra": _letters(random, random.randint(0, 30)),
    }


def _auction(event: int, random: Random) -> int:
    """Half of the bids go to the last hot auction, the others to one in flight."""
    last = event // EVENTS * AUCTIONS + AUCTIONS - 1
    if random.randrange(2):
        return last // HOT_EVERY * HOT_EVERY
    return random.randint(max(0, last - IN_FLIGHT), last + LEAD)


def _bidder(event: int, random: Random) -> int:
    """Three of four bids come from the last hot person, the others from an active one."""
    last = event // EVENTS
    if random.randrange(4):
        return last // HOT_EVERY * HOT_EVERY + 1
    return random.randint(max(0, last - ACTIVE), last + LEAD)


def _channel(random: Random) -> tuple[str, str]:
    """One of four hot channels for half of the bids, otherwise one of ten thousand."""
    if random.randrange(2):
        hot = random.choice(HOT_CHANNELS)
        return hot, f"{_address(Random(hot))}"
    number = random.randrange(CHANNELS)
    url = _address(Random(number))
    return f"channel-{number}", url + (f"&channel_id={number}" if number % 10 else "")


def _address(random: Random) -> str:
    parts = "/".join(_letters(random, 5) for _ in range(3))
    return f"https://www.nexmark.com/{parts}/item.htm?query=1"


def _letters(random: Random, count: int) -> str:
    return "".join(random.choices(LETTERS, k=count))
