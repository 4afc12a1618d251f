"""The likeliest mistakes of a newcomer: a change to the tea shop, and the command that meets it."""

from collections.abc import Callable
from dataclasses import dataclass

from pipeline_platform_tests.own_platform.page import steps
from pipeline_platform_tests.own_platform.stranger import Stranger

ORDERS, PRODUCTS = "tea_shop/defs/shop/orders/defs.yaml", "tea_shop/defs/shop/products/defs.yaml"
FACT, FACT_SQL = (
    "tea_shop/defs/shop/fact_order/defs.yaml",
    "tea_shop/defs/shop/fact_order/model.sql",
)
HEAD = "order_id;ordered_at;customer;product_id;quantity\n"
ROW = "1;2026-01-05T09:12:00Z;ada;1;2\n"
_SQLITE = "data/sources/shop.sqlite"


def shop(stranger: Stranger) -> None:
    """The tea shop as the page declares it, up to its fact; nothing has landed."""
    stranger.does("pipeline-platform init tea_shop && cd tea_shop")
    for step in steps():
        if step.kind == "file" and step.section[:2] in ("3.", "4.", "5."):
            stranger.write(step.path, step.text)
    table(stranger, "id INTEGER PRIMARY KEY", "(1, 'Assam', 450)")


def table(stranger: Stranger, key: str, rows: str) -> None:
    """The shop's database anew, with these products."""
    stranger.does(
        f'mkdir -p data/sources && rm -f {_SQLITE} && python -c "\nimport sqlite3\n'
        f"with sqlite3.connect('{_SQLITE}') as shop:\n"
        f"    shop.execute('CREATE TABLE products ({key}, name TEXT, cents INTEGER)')\n"
        f"    shop.execute('''INSERT INTO products VALUES {rows}''')\n\""
    )


@dataclass(frozen=True)
class Mistake:
    """`make` it in the shop; `command` meets it, and ends with `status`."""

    make: Callable[[Stranger], object]
    command: str = "pipeline-platform build"
    status: int = 1


def swap(path: str, old: str, new: str) -> Callable[[Stranger], None]:
    """Write `new` for `old` in a file of the shop."""

    def make(stranger: Stranger) -> None:
        text = (stranger.here / path).read_text()
        assert old in text
        stranger.write(path, text.replace(old, new))

    return make


def landed(text: str, path: str = "shop/orders/one.csv") -> Callable[[Stranger], None]:
    """Let a file land."""
    return lambda stranger: stranger.write(f"data/landing/{path}", text)


def copied(source: str, target: str) -> Callable[[Stranger], None]:
    """Copy a file of the shop."""
    return lambda stranger: stranger.write(target, (stranger.here / source).read_text())


def elsewhere(stranger: Stranger) -> None:
    """Leave the project."""
    stranger.does("cd ..")


MISTAKES = {
    "misspelt column in SQL": Mistake(swap(FACT_SQL, "o.customer", "o.custmer")),
    "misspelt table in SQL": Mistake(swap(FACT_SQL, "serving.orders", "serving.ordres")),
    "broken SQL": Mistake(swap(FACT_SQL, "SELECT", "SELECT FROM")),
    "tab in YAML": Mistake(swap(ORDERS, "  owner:", "\towner:")),
    "wrong indentation in YAML": Mistake(swap(ORDERS, "  owner:", "   owner:")),
    "attributes not indented": Mistake(swap(ORDERS, "  owner: team:shop", "owner: team:shop")),
    "unknown key": Mistake(swap(ORDERS, "event_id:", "event_ids:")),
    "unknown component": Mistake(swap(ORDERS, "components.Stream", "components.Steam")),
    "wrong type name": Mistake(swap(ORDERS, "type: timestamp", "type: datetime")),
    "prefix without slash": Mistake(swap(ORDERS, "prefix: shop/orders/", "prefix: shop/orders")),
    "date in wrong form": Mistake(swap(ORDERS, "start: 2026-01-01", "start: 01.01.2026")),
    "two folders with one name": Mistake(copied(ORDERS, "tea_shop/defs/web/orders/defs.yaml")),
    "missing :start": Mistake(swap(FACT_SQL, "o._day >= :start AND o._day < :end", "true")),
    "file in the wrong folder": Mistake(landed(HEAD + ROW, "orders/one.csv"), status=0),
    "header lacks a column": Mistake(
        landed("order_id;ordered_at\n1;2026-01-05T09:12:00Z\n"), status=0
    ),
    "other delimiter": Mistake(landed((HEAD + ROW).replace(";", ",")), status=0),
    "timestamp without zone": Mistake(landed((HEAD + ROW).replace("00Z", "00")), status=0),
    "variable of the database not set": Mistake(
        swap(PRODUCTS, ", file: sources/shop.sqlite}", "}")
    ),
    "key not unique at the source": Mistake(
        lambda stranger: table(stranger, "id INTEGER", "(1, 'Assam', 450), (1, 'Assam', 470)")
    ),
    "column lacks at the source": Mistake(
        swap(PRODUCTS, "    name: {", "    name: {source: title, ")
    ),
    "outside of a project": Mistake(elsewhere),
    "misspelt table in a query": Mistake(
        lambda stranger: None, 'pipeline-platform query "SELECT * FROM serving.ordres"'
    ),
}
