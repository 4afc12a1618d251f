"""Golden views: what each is split into, or why it is refused.

`python -m pipeline_platform_tests.views.golden` writes the expected texts anew.
"""

from pathlib import Path

from pipeline_platform.contracts.views import DimensionTable, Split
from pipeline_platform.errors import DeclarationError, ViewRefused
from pipeline_platform.views.splitting import split

HERE = Path(__file__).parent
SPLITS, REFUSALS = HERE / "splits", HERE / "refusals"
COLUMNS = {
    "carrier": "string", "origin": "string", "dest": "string", "tailnum": "string",
    "scheduled_at": "timestamp", "dep_delay": "int", "distance": "bigint", "temp": "double",
    "cancelled": "boolean", "price": "decimal(10,2)", "fine": "decimal(38,6)",
    "tags": "array<string>", "plane": "struct<seats:int,engine:struct<kind:string>>",
    "_day": "date",
}  # fmt: skip
DIMENSIONS = {
    "warehouse.dim_carrier": DimensionTable(
        {"carrier": "string", "name": "string", "home": "string"}, (("carrier",),)
    ),
    "warehouse.dim_gate": DimensionTable(
        {"airport": "string", "gate": "string", "walk": "int"}, (("airport", "gate"),)
    ),
}


def parts(sql: str, path: str = "") -> Split:
    """A view over `serving.flights`."""
    return split(sql, "flights", COLUMNS, DIMENSIONS, path=path)


def rendered(case: Path) -> str:
    """The three statements of a view, or the refusal."""
    try:
        found = parts(case.read_text(), case.name)
    except DeclarationError as error:
        code = error.code if isinstance(error, ViewRefused) else type(error).__name__
        return f"{code}\n{error}\n"
    lines = [f"outputs: {found.outputs}"]
    lines += [f"approximate: {', '.join(found.approximate)}"] if found.approximate else []
    lines += [f"dimensions: {', '.join(found.dimensions)}"] if found.dimensions else []
    lines += [f"pinned: {p.token} is {p.table} {p.columns}" for p in found.pinned]
    texts = (("partial", found.partial), ("merge", found.merge), ("answer", found.answer))
    return "\n".join([*lines, *(f"\n-- {name}\n{text}" for name, text in texts)]) + "\n"


if __name__ == "__main__":
    for case in sorted([*SPLITS.glob("*.sql"), *REFUSALS.glob("*.sql")]):
        case.with_suffix(".txt").write_text(rendered(case))
