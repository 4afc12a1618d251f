"""What views must answer, from the landed bytes and the ledger alone.

Written without the platform's decoding, de-duplication, SQL or merge: JSON, dictionaries
and Python's arithmetic. Only the order of objects is read from the ledger, which decides it.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from pipeline_platform.ingest.admission import Admission


class Event(NamedTuple):
    """An accepted event; `epoch` is the one that took it."""

    epoch: int
    id: str
    at: datetime
    shop: str | None
    amount: Decimal | None
    item: str | None

    @property
    def day(self) -> date:
        """Its coverage day."""
        return self.at.date()


class Shop(NamedTuple):
    """What a table beside the stream says of a shop."""

    city: str | None
    open: bool | None


Shops = Mapping[str, Shop]
Answer = set[tuple[Any, ...]]
Definition = Callable[[Sequence[Event]], Answer]


def landed(event: Event) -> str:
    """The event as its producer writes it."""
    fields = {"id": event.id, "at": f"{event.at:%Y-%m-%dT%H:%M:%SZ}", "shop": event.shop}
    fields |= {"amount": None if event.amount is None else str(event.amount), "item": event.item}
    return json.dumps({name: value for name, value in fields.items() if value is not None})


def accepted(admission: Admission, upto: int) -> list[Event]:
    """The events of epochs up to `upto`: of every (id, day) the first in the ledger's order."""
    found: dict[tuple[str, date], Event] = {}
    for plan in admission.tables.ledger.plans(0, upto):
        for planned in plan.objects:
            with admission._store.open(planned.ref.key) as file:
                lines = file.read().decode().splitlines()
            for line in lines:
                event = _event(plan.epoch, json.loads(line))
                found.setdefault((event.id, event.day), event)
    return list(found.values())


def _event(epoch: int, row: dict[str, Any]) -> Event:
    at = datetime.strptime(row["at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    amount = Decimal(row["amount"]) if "amount" in row else None
    return Event(epoch, row["id"], at, row.get("shop"), amount, row.get("item"))


def _groups(events: Iterable[Event], key: Callable[[Event], Any]) -> dict[Any, list[Event]]:
    found: dict[Any, list[Event]] = defaultdict(list)
    for event in events:
        found[key(event)].append(event)
    return found


def by_shop(events: Sequence[Event]) -> Answer:
    """All time by shop: count, sum, distinct items, the item of the greatest (amount, item)."""
    return {
        (
            shop,
            len(members),
            _sum(e.amount for e in members),
            len({e.item for e in members if e.item is not None}),
            _best(members),
        )
        for shop, members in _groups(events, lambda e: e.shop).items()
    }


def by_hour(events: Sequence[Event]) -> Answer:
    """Hours with two paid events or more: their number, the least and the mean amount."""
    paid = [e for e in events if e.amount is not None and e.amount > 0]
    hours = _groups(paid, lambda e: e.at.replace(minute=0, second=0))
    return {
        (hour, len(members), min(e.amount for e in members if e.amount is not None))
        for hour, members in hours.items()
        if len(members) >= 2
    }


def in_all(events: Sequence[Event]) -> Answer:
    """One row: the number of events and the sum of their amounts."""
    return {(len(events), _sum(e.amount for e in events))}


def by_city(events: Sequence[Event], shops: Mapping[date, Shops]) -> Answer:
    """Open or unknown shops by city, as the shops were for the event's day."""
    found = [(e, shops[e.day].get(e.shop or "")) for e in events]
    counted = [(e, shop) for e, shop in found if shop is None or shop.open is not False]
    cities: dict[str | None, list[Event]] = defaultdict(list)
    for event, shop in counted:
        cities[shop.city if shop else None].append(event)
    return {
        (city, len(members), _sum(e.amount for e in members)) for city, members in cities.items()
    }


def _sum(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal()) if known else None


def _best(members: Iterable[Event]) -> str | None:
    ranked = [(e.amount, e.item) for e in members if e.amount is not None]
    if not ranked:
        return None
    most = max(amount for amount, _ in ranked)
    items = [item for amount, item in ranked if amount == most and item is not None]
    return max(items, default=None)


SQL: dict[str, str] = {
    "by_shop": "SELECT shop, count(*) AS events, sum(amount) AS total, "
    "count(DISTINCT item) AS items, max_by(item, amount) AS best "
    "FROM serving.sales GROUP BY shop",
    "by_hour": "SELECT date_trunc('hour', at) AS hour, count(*) AS events, "
    "min(amount) AS least FROM serving.sales WHERE amount > 0 "
    "GROUP BY date_trunc('hour', at) HAVING count(*) >= 2",
    "in_all": "SELECT count(*) AS events, sum(amount) AS total FROM serving.sales",
}
BY_CITY = (
    "SELECT d.city, count(*) AS events, sum(s.amount) AS total FROM serving.sales AS s "
    "LEFT JOIN serving.shops AS d ON d.shop = s.shop WHERE coalesce(d.open, true) GROUP BY d.city"
)
STATEMENTS = {**SQL, "by_city": BY_CITY}
DEFINITIONS: dict[str, Definition] = {"by_shop": by_shop, "by_hour": by_hour, "in_all": in_all}
