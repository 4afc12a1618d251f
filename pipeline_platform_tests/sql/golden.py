"""Golden pairs of a query and what analysis says of it.

`python -m pipeline_platform_tests.sql.golden` writes the expected texts anew.
"""

from pathlib import Path

from pipeline_platform.errors import DeclarationError
from pipeline_platform.sql.analysis import analyse

CASES = Path(__file__).with_name("cases")
TABLES = {
    "serving.flights": {
        "carrier": "string", "flight": "int", "tailnum": "string", "origin": "string",
        "dest": "string", "dep_delay": "int", "arr_delay": "int", "time_hour": "timestamp",
        "minute": "int", "amount": "decimal(10,2)", "tags": "array<string>",
        "address": "struct<zip:int,geo:struct<lat:double>>", "_day": "date",
    },
    "serving.weather": {
        "origin": "string", "time_hour": "timestamp", "temp": "double", "wind_speed": "double",
        "_day": "date",
    },
    "warehouse.fact_flight": {
        "carrier": "string", "origin": "string", "scheduled_at": "timestamp",
        "cancelled": "boolean", "dep_delay": "int", "arr_delay": "int",
    },
}  # fmt: skip


def rendered(case: Path) -> str:
    """What analysis says of the case: an error, or tables, parameters and columns."""
    try:
        found = analyse(case.read_text(), TABLES, path=case.name)
    except DeclarationError as error:
        return f"{type(error).__name__}\n{error}\n"
    lines = [f"tables: {', '.join(found.tables)}"]
    lines += [f"parameters: {', '.join(sorted(found.parameters))}"] if found.parameters else []
    for column in found.columns:
        sources = ", ".join(column.sources) or "nothing"
        lines.append(f"{column.name} {column.type or '?'} <- {sources}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    for case in sorted(CASES.glob("*.sql")):
        case.with_suffix(".txt").write_text(rendered(case))
