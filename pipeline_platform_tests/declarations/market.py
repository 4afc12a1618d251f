"""A small project as texts: orders, customers, a fact, a mart with a chart, features, a view."""

from pathlib import Path

from pipeline_platform.declarations.folder import read
from pipeline_platform.declarations.resolution import Declarations, resolve

FILES = {
    "orders/defs.yaml": """\
type: pipeline_platform.components.Stream

attributes:
  description: Orders of the market.
  owner: team:market
  landing: {prefix: orders/}
  start: 2026-01-01
  event_id: [order_id]
  event_time: ordered_at
  columns:
    order_id: {type: string, nullable: false, description: Number of the order.}
    customer: {type: bigint, description: Number of the customer.}
    ordered_at: {type: timestamp, nullable: false, description: When it was placed.}
    amount: {type: "decimal(10,2)", description: Total in euro.}
""",
    "customers/defs.yaml": """\
type: pipeline_platform.components.OperationalTable

attributes:
  description: Customers of the market.
  owner: team:market
  source: {url: MARKET_DATABASE_URL}
  key: [id]
  columns:
    id: {type: bigint, description: Number of the customer.}
    email: {type: string, description: Address., personal: email}
    town: {type: string, description: Where the customer lives.}
""",
    "sales/defs.yaml": """\
type: pipeline_platform.components.Model

attributes:
  description: Sales by town.
  owner: team:market
  layer: mart
  columns:
    town: {description: Town.}
    orders: {description: Number of orders., nullable: false}
    amount: {description: Sum in euro., type: "decimal(20,2)"}
  chart:
    title: Sales by town
    mark: bar
    x: {column: amount, unit: euro, format: ",.0f"}
    y: town
""",
    "sales/model.sql": """\
SELECT c.town, count(*) AS orders, CAST(sum(o.amount) AS decimal(20,2)) AS amount
FROM serving.orders AS o
LEFT JOIN serving.customers AS c ON c.id = o.customer
GROUP BY c.town
""",
    "habits/defs.yaml": """\
type: pipeline_platform.components.FeatureSet

attributes:
  description: What was known of a customer at each order.
  owner: team:market
  spine:
    table: serving.orders
    at: ordered_at
    columns: [order_id, customer, ordered_at, _day]
  partition: {column: _day}
  groups:
    - table: serving.orders
      keys: [customer]
      event_ts: ordered_at
      available_at: ordered_at
      window: 30d
      features:
        orders_30d: {count: "*"}
        spent_30d: {sum: amount}
    - table: serving.orders
      keys: {customer: customer}
      event_ts: ordered_at
      available_at: ordered_at
      inclusive: false
      ttl: 90d
      features:
        last_amount: amount
""",
    "pulse/defs.yaml": """\
type: pipeline_platform.components.View

attributes:
  description: Orders by customer and hour.
  owner: team:market
  freshness: 1h
  columns:
    hour: {description: Hour (UTC).}
    orders: {description: Number of orders.}
    amount: {description: Sum in euro.}
    buyers: {type: bigint, description: Number of customers by a sketch.}
  checks:
    - unique: [customer, hour]
    - range: {column: orders, min: 1}
  chart:
    title: Orders by hour
    mark: line
    x: hour
    y: {column: orders, format: ",.0f"}
""",
    "pulse/view.sql": """\
SELECT o.customer, c.town, date_trunc('HOUR', o.ordered_at) AS hour,
       count(*) AS orders, sum(o.amount) AS amount,
       hll_sketch_estimate(hll_sketch_agg(o.customer, 12)) AS buyers
FROM serving.orders AS o
LEFT JOIN serving.customers AS c ON c.id = o.customer
WHERE o.amount >= 0
GROUP BY o.customer, c.town, date_trunc('HOUR', o.ordered_at)
""",
}


def write(folder: Path, file: str = "", old: str = "", new: str = "") -> Path:
    """The project's `defs` below `folder`, with `old` in `file` replaced by `new`."""
    for name, text in FILES.items():
        path = folder / "defs" / "market" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name == file:
            assert old in text, old
            text = text.replace(old, new)
        path.write_text(text)
    return folder / "defs"


def declared(defs: Path) -> Declarations:
    """Everything declared below `defs`."""
    folders = sorted(path.parent for path in defs.rglob("defs.yaml"))
    return resolve(part for folder in folders for part in read(folder, defs.parent))
