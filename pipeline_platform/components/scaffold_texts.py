"""What scaffolding writes: YAML, SQL and samples that work as they stand."""

from string import Template

LAYERS = ("warehouse", "mart")
LANDINGS = {
    "ndjson": "format: ndjson",
    "json": "format: json",
    "csv": 'format: csv\n    delimiter: ","',
    "text": "format: text\n    pattern: '(?P<happened_at>\\S+) (?P<id>\\S+) (?P<amount>\\S+)'",
}
_JSON = (
    '{"id": "a1", "happened_at": "2026-01-05T10:00:00Z", "amount": 3}\n'
    '{"id": "a2", "happened_at": "2026-01-06T11:30:00Z", "amount": 5}\n'
)
SAMPLES = {
    "ndjson": ("sample.ndjson", _JSON),
    "json": ("sample.json", _JSON),
    "csv": (
        "sample.csv",
        "id,happened_at,amount\na1,2026-01-05T10:00:00Z,3\na2,2026-01-06T11:30:00Z,5\n",
    ),
    "text": ("sample.txt", "2026-01-05T10:00:00Z a1 3\n2026-01-06T11:30:00Z a2 5\n"),
}
STREAM = Template("""\
type: $type

attributes:
  description: One row per event of $name.
  owner: team:data
  landing:
    prefix: $prefix/
    $landing
  start: 2026-01-01
  event_id: [id]
  event_time: happened_at
  unknown_fields: keep
  columns:
    id: {type: string, nullable: false, description: Identifies the event.}
    happened_at: {type: timestamp, nullable: false, description: When it happened (UTC).}
    amount:
      type: bigint
      description: How much of it there was.
      rules:
        - range: {min: 0}
          on_fail: warn
""")
_DAILY = Template("""\
type: $type

attributes:
  description: How many rows came on each day.
  owner: team:data
  layer: $layer
  partition: {column: day}
  columns:
    day: {description: Day (UTC)., nullable: false}
    row_count: {description: Rows of that day., nullable: false}
  checks:
    - unique: [day]
      blocking: true
$chart""")
_DAILY_SQL = Template("""\
SELECT $day AS day, count(*) AS row_count
FROM $table
WHERE $day >= :start AND $day < :end
GROUP BY $day
""")
_DAILY_CHART = """\
  chart:
    title: Rows per day
    mark: bar
    x: day
    y: {column: row_count, title: Rows, format: ",.0f"}
"""
_WHOLE = Template("""\
type: $type

attributes:
  description: Says once what a row of this table is; the SQL beside this file computes it.
  owner: team:data
  layer: $layer
  columns:
    name: {description: What is counted., nullable: false}
    row_count: {description: How often., nullable: false}
  checks:
    - unique: [name]
      blocking: true
$chart""")
_WHOLE_SQL = Template("SELECT '$table' AS name, count(*) AS row_count FROM $table\n")
_ALONE_SQL = Template("""\
SELECT 'tea' AS name, 3 AS row_count
UNION ALL
SELECT 'coffee' AS name, 5 AS row_count
""")
_WHOLE_CHART = """\
  chart:
    title: Rows by name
    mark: bar
    x: {column: row_count, title: Rows, format: ",.0f"}
    y: name
"""
TABLE = Template("""\
type: $type

attributes:
  description: One row per $name, as the database of $domain has it.
  owner: team:data
  source:
    url: ${upper}_DATABASE_URL
    file: sources/$domain.sqlite
  key: [id]
  columns:
    id: {type: bigint, description: Identifies the row.}
    name: {type: string, nullable: false, description: What it is called.}
    cents: {type: bigint, description: What it costs.}
""")
TABLE_SQL = Template("""\
CREATE TABLE $name (id INTEGER PRIMARY KEY, name TEXT NOT NULL, cents INTEGER);
INSERT INTO $name VALUES (1, 'tea', 250), (2, 'coffee', 320);
""")
_FEATURES = Template("""\
type: $type

attributes:
  description: For each row of $table, how many came before it with the same $key.
  owner: team:data
  spine:
    table: $table
    at: $at
    columns: [$columns]
$partition  groups:
    - table: $table
      keys: [$key]
      event_ts: $at
      available_at: $at
      window: 7d
      features:
        count_7d: {count: "*", description: Rows in the seven days before.}
""")
VIEW = Template("""\
type: $type

attributes:
  description: How many rows of $table there are, by day.
  owner: team:data
  columns:
    day: {description: Day (UTC).}
    row_count: {description: Rows of that day.}
  checks:
    - unique: [day]
  chart:
    title: Rows per day
    mark: bar
    x: day
    y: {column: row_count, title: Rows, format: ",.0f"}
""")
VIEW_SQL = Template("""\
SELECT _day AS day, count(*) AS row_count
FROM $table
GROUP BY _day
""")


def model(reads: str, day: str) -> tuple[Template, Template, str]:
    """YAML, SQL and chart of a model that reads a table cut by `day`, a whole one, or none."""
    if day:
        return _DAILY, _DAILY_SQL, _DAILY_CHART
    return _WHOLE, _WHOLE_SQL if reads else _ALONE_SQL, _WHOLE_CHART


def feature_set(kind: str, table: str, key: str, at: str, day: str) -> str:
    """YAML of a feature set over `table` itself, by `key` and the time `at`."""
    columns = ", ".join(dict.fromkeys([name for name in (day, at, key) if name]))
    partition = f"  partition: {{column: {day}}}\n" if day else ""
    return _FEATURES.substitute(
        type=kind, table=table, key=key, at=at, columns=columns, partition=partition
    )
