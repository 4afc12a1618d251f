"""What is wrong in tables, charts, views and feature sets is refused by file and line."""

from pathlib import Path

import pytest

from pipeline_platform.errors import DeclarationError
from pipeline_platform_tests.declarations.market import declared, write
from pipeline_platform_tests.reviewed import messages

GOLDEN = Path(__file__).parent / "golden" / "refusals.txt"
CUSTOMERS, SALES, HABITS = "customers/defs.yaml", "sales/defs.yaml", "habits/defs.yaml"
PULSE, VIEW = "pulse/defs.yaml", "pulse/view.sql"
WRONG = {
    "an URL with its password": (
        CUSTOMERS,
        "url: MARKET_DATABASE_URL",
        "url: postgresql://ana:secret@db/market",
    ),
    "no place to read": (CUSTOMERS, "{url: MARKET_DATABASE_URL}", "{table: customers}"),
    "key that is no column": (CUSTOMERS, "key: [id]", "key: [idd]"),
    "key that is a float": (CUSTOMERS, "id: {type: bigint", "id: {type: double"),
    "nested column": (CUSTOMERS, "town: {type: string", "town: {type: array<string>"),
    "column of the history": (CUSTOMERS, "    town:", "    valid_from:"),
    "unknown kind": (CUSTOMERS, "components.OperationalTable", "components.OperationalTabel"),
    "name of pinned rows": (PULSE, "attributes:", "attributes:\n  name: pulse__pinned_0"),
    "name of the platform's own": (PULSE, "attributes:", "attributes:\n  name: pulse__live"),
    "unknown column drawn": (SALES, "column: amount", "column: amuont"),
    "wrong number format": (SALES, '",.0f"', '"%d"'),
    "unknown mark": (SALES, "mark: bar", "mark: pie"),
    "chart of a fact": (SALES, "layer: mart", "layer: warehouse"),
    "unknown spine": (HABITS, "table: serving.orders\n    at", "table: serving.oders\n    at"),
    "unknown kept column": (HABITS, "[order_id, customer", "[order_idd, customer"),
    "instant that is none": (HABITS, "at: ordered_at", "at: order_id"),
    "unknown key column": (HABITS, "{customer: customer}", "{customer: custmer}"),
    "keys of other types": (HABITS, "{customer: customer}", "{customer: order_id}"),
    "unknown feature column": (HABITS, "{sum: amount}", "{sum: amuont}"),
    "sum of a text": (HABITS, "{sum: amount}", "{sum: order_id}"),
    "two functions": (HABITS, "{sum: amount}", "{sum: amount, mean: amount}"),
    "latest of a window": (HABITS, "{sum: amount}", "{latest: amount}"),
    "sum without a window": (HABITS, "last_amount: amount", "last_amount: {sum: amount}"),
    "no ttl over days": (HABITS, "      ttl: 90d\n", ""),
    "no duration": (HABITS, "window: 30d", "window: a month"),
    "partition not kept": (HABITS, "ordered_at, _day]", "ordered_at]"),
    "partition that cuts nothing": (HABITS, "{column: _day}", "{column: ordered_at}"),
    "one name twice": (HABITS, "last_amount: amount", "orders_30d: amount"),
    "features of themselves": (
        HABITS,
        "    - table: serving.orders\n      keys: [customer]",
        "    - table: feature.habits\n      keys: [customer]",
    ),
    "features of a view": (
        HABITS,
        "    - table: serving.orders\n      keys: [customer]",
        "    - table: serving.pulse\n      keys: [customer]",
    ),
    "unknown path": (PULSE, "freshness: 1h", "paths: realtime"),
    "type of a sketch": (PULSE, "type: bigint, ", ""),
    "unknown column of a view": (PULSE, "    hour: {", "    huor: {"),
    "check of an unknown column of a view": (PULSE, "[customer, hour]", "[customer, day]"),
    "chart of an unknown column of a view": (PULSE, "x: hour", "x: day"),
    "unknown column in a view": (VIEW, "sum(o.amount)", "sum(o.amuont)"),
    "unknown stream": (VIEW, "FROM serving.orders", "FROM serving.oders"),
    "a view of no stream": (VIEW, "FROM serving.orders", "FROM serving.customers__history"),
    "a view of itself": (VIEW, "FROM serving.orders", "FROM serving.pulse"),
    "a dimension by what is not unique": (VIEW, "ON c.id = o.customer", "ON c.town = o.customer"),
    "a window function in a view": (VIEW, "count(*) AS", "row_number() OVER (ORDER BY 1) AS"),
    "a percentile": (VIEW, "sum(o.amount)", "median(o.amount)"),
    "the present in a view": (VIEW, "o.amount >= 0", "o.ordered_at < now()"),
    "ORDER BY in a view": (VIEW, "o.ordered_at)\n", "o.ordered_at)\nORDER BY orders\n"),
}


def refusal(tmp_path: Path, file: str, old: str, new: str) -> str:
    """What resolving says once `old` in `file` has become `new`."""
    with pytest.raises(DeclarationError) as caught:
        declared(write(tmp_path, file, old, new))
    return str(caught.value)


@pytest.mark.parametrize("case", WRONG)
def test_refusal_is_as_reviewed(case: str, tmp_path: Path) -> None:
    """Rewrite with `python -m pipeline_platform_tests.declarations.test_refusals`."""
    assert refusal(tmp_path, *WRONG[case]) == messages(GOLDEN)[case]


def test_no_refusal_shows_a_password() -> None:
    assert "secret" not in GOLDEN.read_text()


def test_every_reviewed_message_has_its_case() -> None:
    assert list(messages(GOLDEN)) == list(WRONG)


if __name__ == "__main__":
    from tempfile import mkdtemp

    found = {case: refusal(Path(mkdtemp()), *wrong) for case, wrong in WRONG.items()}
    GOLDEN.write_text("\n".join(f"## {case}\n{text}\n" for case, text in found.items()))
