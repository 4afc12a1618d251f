"""Asks an engine, in a process of its own, for types or rows of SQL texts.

    python -m pipeline_platform_tests.sql.ask sail|spark types|rows < texts.json

Prints one JSON list: the type of column `x` (Spark DDL) or the values of `x`, or null
where the engine refuses the text.
"""

import json
import sys
from typing import Any

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession


def kind(session: SparkSession, text: str) -> str | None:
    """The type of the one column that `text` gives."""
    try:
        return session.sql(text).schema[0].dataType.simpleString()
    except PySparkException:
        return None


def rows(session: SparkSession, text: str) -> list[Any] | None:
    """The values of the one column that `text` gives, as text; None for NULL."""
    try:
        return [None if row[0] is None else str(row[0]) for row in session.sql(text).collect()]
    except PySparkException:
        return None


def main(engine: str, what: str) -> None:
    """Answer the texts on standard input."""
    from pipeline_platform.engine.sail import SailEngine
    from pipeline_platform.engine.spark import SparkEngine
    from pipeline_platform.settings import prepare_process

    prepare_process(engine)
    chosen = SailEngine() if engine == "sail" else SparkEngine("local[1]")
    ask = {"types": kind, "rows": rows}[what]
    answers = [ask(chosen.session(), text) for text in json.load(sys.stdin)]
    sys.stdout.write(json.dumps(answers))
    chosen.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
