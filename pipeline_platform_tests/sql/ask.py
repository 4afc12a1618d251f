"""Asks an engine, in a process of its own, for types or rows of expressions.

    python -m pipeline_platform_tests.sql.ask sail|spark types|rows < question.json

The question holds `relation` (a query), `expressions` over its columns, and `together`,
how many may share a statement. Prints one JSON list: per expression its type in Spark
DDL or its values as text (None for NULL), or null where the engine refuses it.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession

Ask = Callable[[DataFrame], list[Any]]


def types(frame: DataFrame) -> list[Any]:
    """The type of every column."""
    return [field.dataType.simpleString() for field in frame.schema]


def rows(frame: DataFrame) -> list[Any]:
    """The values of every column, as text; None for NULL."""
    found = frame.collect()
    return [
        [None if row[n] is None else str(row[n]) for row in found]
        for n in range(len(frame.columns))
    ]


def answer(
    session: SparkSession, ask: Ask, relation: str, expressions: list[str], together: int
) -> list[Any]:
    """One answer per expression; a refused statement is asked again in smaller ones."""
    if len(expressions) > together:
        cuts = range(0, len(expressions), together)
        parts = (expressions[at : at + together] for at in cuts)
        return [one for p in parts for one in answer(session, ask, relation, p, together)]
    columns = ", ".join(f"{text} AS x{n}" for n, text in enumerate(expressions))
    try:
        return ask(session.sql(f"WITH t AS ({relation}) SELECT {columns} FROM t"))
    except PySparkException:
        if len(expressions) == 1:
            return [None]
        return answer(session, ask, relation, expressions, max(1, together // 4))


def main(engine: str, what: str) -> None:
    """Answer the question on standard input."""
    from pipeline_platform.engine.sail import SailEngine
    from pipeline_platform.engine.spark import SparkEngine
    from pipeline_platform.settings import prepare_process

    prepare_process(engine)
    chosen = SailEngine() if engine == "sail" else SparkEngine("local[1]")
    question = json.load(sys.stdin)
    ask = {"types": types, "rows": rows}[what]
    sys.stdout.write(json.dumps(answer(chosen.session(), ask, **question)))
    chosen.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
