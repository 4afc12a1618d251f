"""Command: SQL over the lake's tables."""

import click

from pipeline_platform.cli.output import format_option, print_rows

_SHOWN = 100


@click.command()
@click.argument("statement")
@format_option
@click.option("--limit", type=click.IntRange(min=0), help="Print at most so many rows; 0: all.")
def query(statement: str, style: str, limit: int | None) -> None:
    """Answer STATEMENT: a SELECT in Spark SQL over tables named layer.table,
    SHOW TABLES [IN layer], or DESCRIBE layer.table.

    A table shows the first 100 rows unless --limit says otherwise; JSON and CSV show all.
    Whatever writes is refused.
    """
    from pipeline_platform.models.query import query as answer
    from pipeline_platform.wiring import platform

    most = (_SHOWN if style == "table" else 0) if limit is None else limit
    here = platform()
    result = answer(statement, engine=here.engine, lake=here.lake, limit=most + 1 if most else None)
    shown = result.slice(0, most) if most else result
    rows = zip(*(c.to_pylist() for c in shown.columns), strict=True)
    print_rows(shown.column_names, rows, style)
    if shown.num_rows < result.num_rows and limit is None:
        click.echo(f"The first {most} rows; --limit 0 shows all.", err=True)
