"""What a chart's YAML means, and what it is refused for."""

import re
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml
from pydantic import ValidationError

from pipeline_platform.charts.specification import specification
from pipeline_platform.contracts.charts import Chart, Encoding
from pipeline_platform.contracts.models import TableColumn
from pipeline_platform.declarations.chart_attributes import ChartAttributes
from pipeline_platform.declarations.chart_declared import chart_of
from pipeline_platform.declarations.places import Place
from pipeline_platform.errors import DeclarationError, UnknownName

COLUMNS = (
    TableColumn("shop", "string"),
    TableColumn("opened", "date"),
    TableColumn("sold_at", "timestamp"),
    TableColumn("hour", "int"),
    TableColumn("amount", "decimal(10,2)"),
    TableColumn("cost", "double"),
    TableColumn("email", "string", personal="email"),
    TableColumn("tags", "array<string>"),
)
PLACE = Place(Path("defs/shop/sales"), Path("defs").absolute().parent)


def declared(text: str) -> Chart:
    said = {"title": "Sales", **yaml.safe_load(text)}
    return chart_of(ChartAttributes.model_validate(said), COLUMNS, PLACE)


def test_the_least_that_makes_a_chart() -> None:
    assert declared("{mark: bar, x: amount, y: shop}") == Chart(
        title="Sales",
        mark="bar",
        x=Encoding("Amount", "quantitative", column="amount"),
        y=Encoding("Shop", "nominal", column="shop"),
    )


@pytest.mark.parametrize(
    ("text", "channel", "kind"),
    [
        ("{mark: line, x: opened, y: amount}", "x", "temporal"),
        ("{mark: line, x: sold_at, y: amount}", "x", "temporal"),
        ("{mark: point, x: hour, y: cost}", "x", "quantitative"),
        ("{mark: heatmap, x: hour, y: shop, color: cost}", "x", "ordinal"),
        ("{mark: heatmap, x: hour, y: shop, color: cost}", "color", "quantitative"),
        ("{mark: area, x: opened, y: cost, row: hour}", "row", "ordinal"),
        ("{mark: bar, x: {column: hour, type: nominal}, y: cost}", "x", "nominal"),
        ("{mark: bar, x: shop, y: {column: shop, aggregate: count}}", "y", "quantitative"),
        ("{mark: bar, x: shop, y: {column: opened, aggregate: max}}", "y", "temporal"),
        ("{mark: bar, x: shop, y: {expression: amount / cost}}", "y", "quantitative"),
    ],
)
def test_types_follow_the_columns(text: str, channel: str, kind: str) -> None:
    assert declared(text).channels[channel].type == kind


@pytest.mark.parametrize(
    ("text", "said", "remedy"),
    [
        ("{mark: bar, x: amuont, y: shop}", "unknown column 'amuont'", "'amount'"),
        ("{mark: bar, x: {expression: amount / csot}, y: shop}", "unknown column", "'cost'"),
        (
            "{mark: bar, x: amount, y: {column: shop, sort: -z}}",
            "unknown order '-z'",
            "known names",
        ),
        ("{mark: bar, x: amount, y: {column: shop, sort: color}}", "unknown order", "known names"),
    ],
)
def test_unknown_names_come_with_the_likely_one(text: str, said: str, remedy: str) -> None:
    with pytest.raises(UnknownName, match=said) as caught:
        declared(text)
    assert remedy in caught.value.remedy
    assert caught.value.where == "defs/shop/sales/defs.yaml"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{mark: bar, x: amount, y: email}", "personal data"),
        ("{mark: bar, x: amount, y: shop, tooltip: [email]}", "personal data"),
        ("{mark: bar, x: amount, y: tags}", "cannot be drawn"),
        ("{mark: bar, x: {column: shop, type: quantitative}, y: shop}", "is not quantitative"),
        ("{mark: bar, x: {column: amount, type: temporal}, y: shop}", "is not temporal"),
        ("{mark: bar, x: {column: amount, format: '%Y'}, y: shop}", "format '%Y'"),
        ("{mark: line, x: {column: opened, format: ',.0f'}, y: cost}", "format ',.0f'"),
        ("{mark: bar, x: amount, y: {column: shop, format: ','}}", "format ','"),
        ("{mark: bar, x: {column: shop, aggregate: sum}, y: shop}", "no number"),
        ("{mark: bar, x: {expression: opened / cost}, y: shop}", "no number"),
        ("{mark: bar, x: {expression: cost / 2, aggregate: mean}, y: shop}", "has no mean"),
        ("{mark: bar, x: {expression: sqrt(cost)}, y: shop}", "no arithmetic"),
        ("{mark: bar, x: {column: amount, domain: [9, 1]}, y: shop}", "no extent"),
        ("{mark: bar, x: amount, y: {column: shop, zero: true}}", "is for numbers"),
        ("{mark: bar, x: shop, y: opened, labels: true}", "labels show the length"),
    ],
)
def test_what_does_not_fit_is_refused(text: str, said: str) -> None:
    with pytest.raises(DeclarationError, match=said) as caught:
        declared(text)
    assert caught.value.known
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{mark: pie, x: amount, y: shop}", "mark"),
        ("{mark: bar, x: amount}", "y"),
        ("{mark: bar, x: {column: amount, colour: red}, y: shop}", "colour"),
        ("{mark: bar, x: {title: Amount}, y: shop}", "exactly one of"),
        ("{mark: bar, x: {column: cost, expression: cost}, y: shop}", "exactly one of"),
        ("{mark: heatmap, x: hour, y: shop}", "by `color`"),
        ("{mark: bar, x: amount, y: shop, size: cost}", "only points"),
        ("{mark: line, x: opened, y: cost, labels: true}", "only bars"),
        ("{mark: line, x: opened, y: cost, stack: zero}", "only bars and areas"),
        ("{mark: bar, x: amount, y: shop, height: 0}", "height"),
    ],
)
def test_yaml_of_another_shape_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        ChartAttributes.model_validate({"title": "Sales", **yaml.safe_load(text)})


def test_every_field_is_described() -> None:
    for name, field in ChartAttributes.model_fields.items():
        assert field.description, name


def everything() -> dict[str, Any]:
    return {
        "title": "Sales",
        "subtitle": "by month",
        "mark": "bar",
        "x": {"column": "hour", "type": "ordinal", "format": "02d", "sort": [1, 2]},
        "y": {
            "expression": "amount / cost",
            "aggregate": "sum",
            "title": "Ratio",
            "unit": "1",
            "format": ".1%",
            "zero": False,
            "scale": "sqrt",
            "domain": [0.0, 2.0],
        },
        "color": {"column": "shop", "sort": "descending"},
        "row": {"column": "opened"},
        "tooltip": [{"column": "sold_at", "format": "%H:%M"}],
        "labels": True,
        "stack": "none",
        "height": 90,
    }


def test_all_that_is_said_arrives() -> None:
    said = everything()
    made = chart_of(ChartAttributes.model_validate(said), COLUMNS, PLACE)
    for name in ("title", "subtitle", "mark", "labels", "stack", "height"):
        assert getattr(made, name) == said[name]
    for channel in ("x", "y", "color", "row"):
        for name, value in said[channel].items():
            arrived = getattr(made.channels[channel], name)
            assert arrived == (tuple(value) if isinstance(value, list) else value)
    assert made.row is not None
    assert made.row.type == "ordinal"
    assert made.tooltip == (Encoding("Sold at", "temporal", column="sold_at", format="%H:%M"),)


def test_the_example_of_the_docs_is_a_chart() -> None:
    docs = Path(__file__).parents[2] / "docs" / "charts.md"
    (example,) = re.findall(r"```yaml\n(.*?)```", docs.read_text(), re.DOTALL)
    columns = (
        TableColumn("shop", "string"),
        TableColumn("late", "bigint"),
        TableColumn("orders", "bigint"),
    )
    said = ChartAttributes.model_validate(yaml.safe_load(example)["attributes"]["chart"])
    made = chart_of(said, columns, PLACE)
    rows = pl.DataFrame({"shop": ["a", "a", "b"], "late": [1, 2, 0], "orders": [2, 8, 5]})
    found = specification(made, rows)["data"]["values"]
    assert {row["y"]: (row["x"], row["tooltip0"]) for row in found} == {"a": (0.3, 10), "b": (0, 5)}
