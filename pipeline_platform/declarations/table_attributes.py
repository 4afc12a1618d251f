"""The YAML of an operational table, field by field."""

from pydantic import Field, field_validator

from pipeline_platform.declarations.model_attributes import Check
from pipeline_platform.declarations.values import Asset, Attributes, Duration, Flag, Text, Whole

_VARIABLE = r"^([A-Za-z_][A-Za-z0-9_]*)?$"


class SourceAttributes(Attributes):
    """Where the table is read."""

    url: Text = Field(
        default="",
        description="Name of the environment variable that holds the SQLAlchemy URL of the "
        "database. The URL itself never stands here: it may hold a password.",
        examples=["SHOP_DATABASE_URL"],
    )
    replica: Text = Field(
        default="",
        description="Name of the variable with the URL of a replica, which is preferred when set.",
    )
    file: Text = Field(
        default="",
        description="SQLite file below PIPELINE_PLATFORM_HOME, read when the variables are not "
        "set.",
        examples=["sources/shop.sqlite"],
    )
    table: Text = Field(default="", description="Its name in the database, where it differs.")
    schema_: Text = Field(
        default="", alias="schema", description="Its schema there, unless it is the default one."
    )
    chunk_rows: Whole = Field(
        default=50_000, gt=0, description="Rows read by one statement, in the order of the key."
    )
    time_limit: Duration = Field(
        default="10m", description="A read that takes longer is given up and changes nothing."
    )

    @field_validator("url", "replica")
    @classmethod
    def _no_secret(cls, value: str) -> str:
        if "://" in value or "@" in value:
            raise ValueError("name the environment variable; an URL may hold a password")
        return value


class TableColumnAttributes(Attributes):
    """A typed column."""

    type: Text = Field(
        description="Spark type: string, boolean, int, bigint, double, decimal(10,2), date, "
        "timestamp, binary. A value that does not fit ends the read.",
        examples=["bigint"],
    )
    description: Text = Field(min_length=1, description="What the value means, with its unit.")
    nullable: Flag = Field(default=True, description="Whether the value may be NULL.")
    personal: Text = Field(
        default="",
        description="Kind of personal data that the column holds, or nothing.",
        examples=["email"],
    )
    source: Text = Field(default="", description="Its name in the database, where it differs.")


class OperationalTableAttributes(Asset):
    """A table of somebody's database, kept with its history by snapshots."""

    source: SourceAttributes = Field(description="Where the table is read.")
    key: list[Text] = Field(min_length=1, description="Columns that identify a row; never NULL.")
    columns: dict[Text, TableColumnAttributes] = Field(
        min_length=1, description="The columns that are read, by name."
    )
    cron: Text = Field(default="0 0 * * *", description="When snapshots are taken, in UTC.")
    checks: list[Check] = Field(
        default=[], description="Assertions over the current rows, as of models."
    )
    freshness: Duration | None = Field(
        default=None, description="How old the last snapshot may be before the UI complains."
    )
