"""While events land and batches publish, every response is one whole version, never older."""

import random
from decimal import Decimal
from threading import Event as Signal
from threading import Thread

from pipeline_platform.batch.change import bring_up
from pipeline_platform.batch.settle import settle
from pipeline_platform.engine.engine import Engine
from pipeline_platform.lake.lake import Lake
from pipeline_platform.serving.http import app
from pipeline_platform.serving.lake_answers import LakeAnswers
from pipeline_platform.speed.fold import compact, fold
from pipeline_platform_tests.serving.client import Client
from pipeline_platform_tests.views.store import Event, arrive, by_shop, clock, expected

EPOCHS = 25


def test_every_response_is_as_of_one_epoch_and_none_goes_back(lake: Lake, engine: Engine) -> None:
    chance, done = random.Random(3), Signal()
    landed: list[list[Event]] = [
        [
            (chance.randint(1, 3), chance.choice(["a", "b", "c", None]), chance.randint(1, 99))
            for _ in range(chance.randint(1, 5))
        ]
        for _ in range(EPOCHS)
    ]
    arrive(lake, 0, landed[0])
    bring_up(by_shop(), engine=engine, lake=lake, clock=clock)
    answers = LakeAnswers(lender=engine, lake=lake, clock=clock, every_s=0.01).start()

    def land() -> None:
        for epoch in range(1, EPOCHS):
            arrive(lake, epoch, landed[epoch])
            fold(by_shop(), engine=engine, lake=lake)
            if epoch % 5 == 0:
                settle(by_shop(), None, engine=engine, lake=lake, clock=clock)
            if epoch % 7 == 0:
                compact(by_shop(), engine=engine, lake=lake, clock=clock)
        done.set()

    lander, client = Thread(target=land), Client(app(answers))
    lander.start()
    try:
        seen = _watched(client, landed, done)
    finally:
        lander.join()
        answers.close()
    assert seen == sorted(seen)
    assert len(set(seen)) > 5


def _watched(client: Client, landed: list[list[Event]], done: Signal) -> list[int]:
    """The epochs of all responses until the last one; each is what its epochs give."""
    seen: list[int] = []
    while not (done.is_set() and seen and seen[-1] == EPOCHS - 1):
        found = client.get("/views/by_shop/rows?limit=10").json()
        seen.append(found["as_of"])
        events = [event for epoch in landed[: found["as_of"] + 1] for event in epoch]
        rows = {row["shop"]: (Decimal(row["total"]), row["events"]) for row in found["rows"]}
        assert rows == expected(events), found["as_of"]
    return seen
