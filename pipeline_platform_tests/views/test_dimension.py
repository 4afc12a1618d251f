"""Tables beside a view: dimensions of its answer, and models that read it."""

import msgspec

from pipeline_platform.batch.change import bring_up
from pipeline_platform.contracts.models import Model, TableColumn
from pipeline_platform.contracts.names import TableName
from pipeline_platform.contracts.views import View
from pipeline_platform.engine.engine import Engine
from pipeline_platform.lake.catalog import load
from pipeline_platform.lake.lake import Lake
from pipeline_platform.models.build import build
from pipeline_platform.models.query import query
from pipeline_platform.speed.fold import fold
from pipeline_platform.views.reading import reading
from pipeline_platform_tests.views.shops import located
from pipeline_platform_tests.views.store import Event, arrive, by_shop, clock

FIRST: list[Event] = [(1, "a", 100), (1, "b", 250), (2, "a", 50)]


def with_city() -> View:
    """The total by shop, with the shop's city as it is when it is read."""
    plain = by_shop()
    answer = (
        f"SELECT t.shop, t.total, t.events, d.city FROM ({plain.split.answer}) AS t "
        "LEFT JOIN serving.shops AS d ON d.shop = t.shop"
    )
    split = msgspec.structs.replace(plain.split, answer=answer, dimensions=("serving.shops",))
    columns = (*plain.columns, TableColumn("city", "string"))
    return msgspec.structs.replace(plain, split=split, columns=columns)


def test_a_dimension_is_read_as_it_is_and_rebuilds_nothing(lake: Lake, engine: Engine) -> None:
    arrive(lake, 0, FIRST)
    located(lake, {"a": "Oslo", "b": "Rom"})
    bring_up(with_city(), engine=engine, lake=lake, clock=clock)
    version = reading(lake, "by_shop").held.snapshot.version
    located(lake, {"a": "Bergen"})
    rows = reading(lake, "by_shop").answer(engine, order_by="shop").to_pylist()
    assert [(row["shop"], row["city"]) for row in rows] == [("a", "Bergen"), ("b", None)]
    found = query("SELECT city FROM serving.by_shop WHERE events > 1", engine=engine, lake=lake)
    assert found.to_pylist() == [{"city": "Bergen"}]
    brought = bring_up(with_city(), engine=engine, lake=lake, clock=clock)
    assert (brought.built, brought.swapped) == (False, False)
    assert reading(lake, "by_shop").held.snapshot.version == version


def test_a_model_reads_a_view_at_one_version_and_says_which(lake: Lake, engine: Engine) -> None:
    arrive(lake, 0, FIRST)
    bring_up(by_shop(), engine=engine, lake=lake, clock=clock)
    model = Model(
        table=TableName("mart", "shops"),
        columns=(TableColumn("shop", "string"), TableColumn("share", "bigint")),
        inputs={"serving.by_shop": (0, 0)},
        sql="SELECT a.shop, a.events * 100 div (SELECT sum(events) FROM serving.by_shop) AS share "
        "FROM serving.by_shop AS a",
    )
    built = build(model, None, engine=engine, lake=lake)
    rows = load(lake, "mart.shops", "polars").sort("shop").rows()
    assert rows == [("a", 66), ("b", 33)]
    arrive(lake, 1, [(1, "b", 1)])
    fold(by_shop(), engine=engine, lake=lake)
    again = build(model, None, engine=engine, lake=lake)
    assert again.inputs["serving.by_shop"] > built.inputs["serving.by_shop"]
    assert load(lake, "mart.shops", "polars").sort("shop").rows() == [("a", 50), ("b", 50)]
