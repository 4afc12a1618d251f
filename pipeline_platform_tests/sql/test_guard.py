"""What a person may ask; everything that writes, runs code or reads a path is refused."""

import pytest

from pipeline_platform.contracts.names import TableName
from pipeline_platform.errors import Abort, DeclarationError, UnknownName, WriteRefused
from pipeline_platform.sql.guard import Describe, Select, ShowTables, statement

ALLOWED = {
    "SELECT 1 AS a;": Select("SELECT 1 AS a"),
    "select a from mart.x where b = 'drop table y; --'": Select(
        "select a from mart.x where b = 'drop table y; --'"
    ),
    "WITH a AS (SELECT 1 AS x) SELECT * FROM a": Select(
        "WITH a AS (SELECT 1 AS x) SELECT * FROM a"
    ),
    "(SELECT 1 AS a) UNION ALL (SELECT 2)": Select("(SELECT 1 AS a) UNION ALL (SELECT 2)"),
    "VALUES (1, 2)": Select("VALUES (1, 2)"),
    "SELECT * FROM range(3)": Select("SELECT * FROM range(3)"),
    "SELECT e FROM mart.x LATERAL VIEW explode(a) t AS e": Select(
        "SELECT e FROM mart.x LATERAL VIEW explode(a) t AS e"
    ),
    "SELECT 1 AS a -- why\n": Select("SELECT 1 AS a"),
    "SELECT /* what */ 1 AS a": Select("SELECT            1 AS a"),
    "SHOW TABLES": ShowTables(None),
    " show tables in Mart ; ": ShowTables("mart"),
    "SHOW TABLES FROM serving": ShowTables("serving"),
    "DESCRIBE mart.x": Describe(TableName("mart", "x")),
    "desc table mart.x;": Describe(TableName("mart", "x")),
}
WRITES = """
DROP TABLE mart.x
SELECT 1; DROP TABLE mart.x
INSERT INTO mart.x SELECT 1
WITH a AS (SELECT 1) INSERT INTO mart.x SELECT * FROM a
FROM mart.x INSERT OVERWRITE mart.y SELECT 1
FROM mart.x SELECT a
SELECT a INTO mart.y FROM mart.x
CREATE TABLE mart.y AS SELECT 1
CREATE TEMP VIEW v AS SELECT 1
CREATE FUNCTION f AS 'x'
ALTER TABLE mart.x ADD COLUMN b INT
TRUNCATE TABLE mart.x
DELETE FROM mart.x
UPDATE mart.x SET a = 1
MERGE INTO mart.x USING mart.y ON a = b WHEN MATCHED THEN DELETE
LOAD DATA INPATH '/x' INTO TABLE mart.x
SET spark.sql.ansi.enabled = false
RESET
USE mart
REFRESH TABLE mart.x
CACHE TABLE mart.x
ADD JAR '/x.jar'
LIST FILES
EXPLAIN SELECT 1
ANALYZE TABLE mart.x COMPUTE STATISTICS
CALL system.run()
EXECUTE IMMEDIATE 'DROP TABLE mart.x'
BEGIN SELECT 1; END
DECLARE x INT
OPTIMIZE mart.x
VACUUM mart.x
RESTORE TABLE mart.x TO VERSION AS OF 0
SHOW CREATE TABLE mart.x
SHOW FUNCTIONS
SHOW TABLES IN mart LIKE 'x'
DESCRIBE HISTORY mart.x
DESCRIBE x
TABLE mart.x
SELECT TRANSFORM(a) USING 'cat' FROM mart.x
SELECT reflect('java.lang.System', 'exit', 0)
SELECT `reflect`('java.lang.System', 'exit', 0)
SELECT Java_Method('java.lang.System', 'exit', 0)
SELECT try_reflect('java.lang.System', 'exit', 0)
SELECT from_protobuf(a, 'm', '/etc/passwd') FROM mart.x
SELECT spark_catalog.d.f(1)
SELECT ${env:HOME}
SELECT * FROM identifier('mart.' || 'x')
SELECT * FROM read_files('/etc')
SELECT * FROM mart.x |> DROP a
SELECT * FROM mart.x FOR UPDATE
""".strip().splitlines()
PATHS = """
SELECT * FROM delta.`/etc/passwd`
SELECT * FROM parquet.`/x/y.parquet`
SELECT * FROM json.`s3://x/y`
SELECT * FROM csv.`x`
SELECT * FROM text.`/etc/passwd`
SELECT * FROM binaryFile.`/etc`
SELECT * FROM '/etc/passwd'
SELECT * FROM "/etc/passwd"
SELECT * FROM `/etc/passwd`
SELECT * FROM `mart.x`
SELECT * FROM mart.`../serving/x`
SELECT * FROM mart.`x/y`
SELECT * FROM spark_catalog.mart.x
SELECT * FROM global_temp.v
SELECT * FROM information_schema.tables
SELECT a FROM mart.x WHERE EXISTS (SELECT 1 FROM delta.`/x`)
SELECT (SELECT max(a) FROM delta.`/x`) AS m
SELECT * FROM mart.x, LATERAL (SELECT * FROM json.`/x`)
WITH a AS (SELECT * FROM delta.`/x`) SELECT 1
WITH delta AS (SELECT 1) SELECT * FROM delta.`/x`
SELECT * FROM (mart.x JOIN delta.`/x`)
SELECT 1 UNION SELECT * FROM delta.`/x`
SELECT * FROM cloud_files('/x')
SELECT * FROM csv_scan('/x')
""".strip().splitlines()


@pytest.mark.parametrize("text", ALLOWED, ids=str)
def test_questions_pass(text: str) -> None:
    assert statement(text) == ALLOWED[text]


@pytest.mark.parametrize("text", WRITES, ids=str)
def test_what_is_no_question_is_refused(text: str) -> None:
    with pytest.raises(WriteRefused) as caught:
        statement(text)
    assert caught.value.what and caught.value.known and caught.value.remedy


@pytest.mark.parametrize("text", PATHS, ids=str)
def test_only_tables_of_the_layers_are_read(text: str) -> None:
    with pytest.raises((WriteRefused, UnknownName, DeclarationError)):
        statement(text)


@pytest.mark.parametrize("text", ["", " ; ", "-- nothing"])
def test_nothing_is_no_statement(text: str) -> None:
    with pytest.raises(WriteRefused, match="no statement"):
        statement(text)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1 AS a /* /* */ UNION SELECT * FROM delta.`/x` -- */",
        "SELECT 1 AS a -- x\\\nUNION SELECT 1 -- FROM delta.`/x`",
        "/* x */ SELECT 1 AS a -- x\rUNION SELECT * FROM delta.`/x`\n",
    ],
)
def test_no_comment_reaches_the_engine(text: str) -> None:
    try:
        passed = statement(text)
    except Abort:
        return
    assert isinstance(passed, Select)
    assert not {"--", "/*", "delta"} & set(passed.text.replace("\n", " ").split())


def test_an_unknown_layer_names_the_likely_one() -> None:
    with pytest.raises(UnknownName) as caught:
        statement("SELECT * FROM marts.x")
    assert caught.value.guess == "mart"
