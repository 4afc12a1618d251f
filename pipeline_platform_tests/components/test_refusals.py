"""What is wrong in YAML or SQL is refused by file and line, with the known and likely names."""

from pathlib import Path

import dagster as dg
import pytest

from pipeline_platform.definitions import build_defs
from pipeline_platform_tests.components.shop import copy_shop, importable
from pipeline_platform_tests.reviewed import messages

GOLDEN = Path(__file__).parent / "golden" / "refusals.txt"
ORDERS, VISITS, DAILY = "orders/defs.yaml", "visits/defs.yaml", "daily_sales/defs.yaml"
SQL, PRODUCTS = "daily_sales/model.sql", "products/model.sql"

WRONG = {
    "unknown key": (ORDERS, "owner:", "ownr:"),
    "unknown nested key": (ORDERS, "    format: ndjson", "    fromat: ndjson"),
    "unknown key of a column": (ORDERS, "personal: email", "presonal: email"),
    "wrong literal": (ORDERS, "format: ndjson", "format: xml"),
    "text for a flag": (
        ORDERS,
        "nullable: false, description: Id",
        "nullable: nein, description: Id",
    ),
    "no date": (ORDERS, "start: 2024-01-01", "start: yesterday"),
    "end before start": (ORDERS, "end: 2024-01-11", "end: 2023-01-11"),
    "no duration": (ORDERS, "unknown_fields: keep", "unknown_fields: keep\n  skew: soon"),
    "no owner": (VISITS, "owner: web@shop.example", "owner: web"),
    "unknown type": (ORDERS, "type: string, personal", "type: strnig, personal"),
    "id column unknown": (ORDERS, "event_id: [id]", "event_id: [idd]"),
    "id column nullable": (ORDERS, "event_id: [id]", "event_id: [email]"),
    "event time unknown": (ORDERS, "event_time: ordered_at", "event_time: orderd_at"),
    "event time no timestamp": (ORDERS, "event_time: ordered_at", "event_time: product"),
    "rule unknown column": (ORDERS, "amount IS NOT NULL", "amuont IS NOT NULL"),
    "two kinds in a rule": (ORDERS, "{min: 0, max: 1000}", "{min: 0}\n          pattern: x"),
    "unknown zone": (VISITS, "zone: UTC", "zone: Mars/Olympus"),
    "unknown column described": (DAILY, "    visits: {", "    vists: {"),
    "unknown column checked": (DAILY, "unique: [day]", "unique: [dya]"),
    "unknown partition column": (DAILY, "{column: day}", "{column: dat}"),
    "partition column no date": (DAILY, "{column: day}", "{column: orders}"),
    "unknown table": (SQL, "serving.orders", "serving.ordres"),
    "unknown layer": (SQL, "serving.orders", "srving.orders"),
    "unknown column in SQL": (PRODUCTS, "DISTINCT email", "DISTINCT emial"),
    "unknown parameter": (SQL, "_day < :end", "_day < :stop"),
    "window not read": (DAILY, "partition: {column: day}", ""),
    "itself": (PRODUCTS, "serving.orders", "mart.products"),
    "two statements": (PRODUCTS, "GROUP BY product", "GROUP BY product; SELECT 1"),
}


def refusal(tmp_path: Path, file: str, old: str, new: str) -> str:
    """What loading says once `old` in `file` has become `new`."""
    project = copy_shop(tmp_path)
    path = project / "shop" / "defs" / "sales" / file
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with importable(project), pytest.raises(dg.DagsterInvalidDefinitionError) as caught:
        build_defs(project)
    assert caught.value.__cause__ is None
    return str(caught.value)


@pytest.mark.parametrize("case", WRONG)
def test_the_message_is_as_reviewed(case: str, tmp_path: Path) -> None:
    """Rewrite with `python -m pipeline_platform_tests.components.test_refusals`."""
    message = refusal(tmp_path, *WRONG[case])
    assert message == messages(GOLDEN)[case]
    assert message.startswith("shop/defs/sales/")
    assert "Known: " in message and "What to do: " in message


def test_a_model_without_body_or_with_two(tmp_path: Path) -> None:
    project = copy_shop(tmp_path)
    folder = project / "shop" / "defs" / "sales" / "products"
    with importable(project):
        (folder / "model.py").write_text("")
        with pytest.raises(dg.DagsterInvalidDefinitionError, match="two bodies"):
            build_defs(project)
        (folder / "model.py").unlink()
        (folder / "model.sql").unlink()
        with pytest.raises(dg.DagsterInvalidDefinitionError, match="no body"):
            build_defs(project)


def test_a_circle_names_its_tables(tmp_path: Path) -> None:
    project = copy_shop(tmp_path)
    sales = project / "shop" / "defs" / "sales"
    (sales / "products" / "model.sql").write_text("SELECT email AS product FROM mart.ring")
    (sales / "ring").mkdir()
    yaml = (sales / "products" / "defs.yaml").read_text().split("  columns:")[0]
    (sales / "ring" / "defs.yaml").write_text(yaml)
    (sales / "ring" / "model.sql").write_text("SELECT product AS email FROM mart.products")
    with importable(project):
        match = "mart.products reads mart.ring reads mart.products"
        with pytest.raises(dg.DagsterInvalidDefinitionError, match=match):
            build_defs(project)


def test_a_table_is_declared_once(tmp_path: Path) -> None:
    project = copy_shop(tmp_path)
    orders = project / "shop" / "defs" / "sales" / "orders" / "defs.yaml"
    other = project / "shop" / "defs" / "web" / "orders"
    other.mkdir(parents=True)
    (other / "defs.yaml").write_text(orders.read_text())
    with (
        importable(project),
        pytest.raises(dg.DagsterInvalidDefinitionError, match=r"raw\.orders is declared twice"),
    ):
        build_defs(project)


if __name__ == "__main__":
    import tempfile

    with GOLDEN.open("w") as file:
        for title, change in WRONG.items():
            with tempfile.TemporaryDirectory() as folder:
                file.write(f"## {title}\n{refusal(Path(folder), *change)}\n\n")
