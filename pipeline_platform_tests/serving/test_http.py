"""What clients see: rows, pages of one version, ETags, errors, limits, tokens."""

import asyncio
from decimal import Decimal

import httpx
import polars as pl
import pytest
from msgspec.structs import replace

from pipeline_platform.contracts.charts import Chart, Encoding
from pipeline_platform.contracts.models import TableColumn
from pipeline_platform.errors import SourceUnavailable, StatementFailed
from pipeline_platform.serving.answers import About
from pipeline_platform.serving.guard import Limits
from pipeline_platform.serving.http import app
from pipeline_platform_tests.serving.client import LOCAL, Client
from pipeline_platform_tests.serving.memory import HOURS, MemoryAnswers, departures, hour

ROWS = [("EWR", 8, 5), ("JFK", 8, 3), ("JFK", 9, 4), ("LGA", 8, 1), (None, 8, 9)]


@pytest.fixture
def answers() -> MemoryAnswers:
    found = MemoryAnswers()
    found.put(HOURS, departures(ROWS))
    return found


@pytest.fixture
def client(answers: MemoryAnswers) -> Client:
    return Client(app(answers))


def _numbers(response: httpx.Response) -> list[int]:
    assert response.status_code == 200, response.text
    return [row["departures"] for row in response.json()["rows"]]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("", [9, 5, 3, 4, 1]),
        ("origin=JFK&hour=2013-07-10T08:00:00Z", [3]),
        ("origin=JFK&hour=2013-07-10T04:00:00-04:00", [3]),
        ("origin=JFK", [3, 4]),
        ("origin=JFK&origin=EWR", [5, 3, 4]),
        ("origin.prefix=L", [1]),
        ("origin.null=true", [9]),
        ("origin.null=false&hour=2013-07-10T08:00:00Z", [5, 3, 1]),
        ("from=2013-07-10T09:00:00Z", [4]),
        ("hour.from=2013-07-10T08:00:00Z&hour.to=2013-07-10T09:00:00Z", [9, 5, 3, 1]),
        ("origin=JFK&to=2013-07-10T09:00:00Z", [3]),
        ("origin=nowhere", []),
    ],
)
def test_rows_by_key_prefix_and_range(client: Client, question: str, expected: list[int]) -> None:
    assert _numbers(client.get(f"/views/departures/rows?{question}")) == expected


def test_rows_say_which_version_they_are_of(client: Client) -> None:
    response = client.get("/views/departures/rows?origin=LGA")
    assert response.json() == {
        "view": "departures",
        "pin": "1.0",
        "as_of": 0,
        "rows": [{"origin": "LGA", "hour": "2013-07-10T08:00:00Z", "departures": 1}],
        "after": None,
    }
    assert response.headers["ETag"] == '"1.0"'
    assert response.headers["As-Of"] == "0"


def test_a_walk_through_pages_is_one_version(client: Client, answers: MemoryAnswers) -> None:
    first = client.get("/views/departures/rows?limit=2")
    answers.put(HOURS, departures([(f"X{n}", 8, 100 + n) for n in range(9)]))
    after, seen = first.json()["after"], _numbers(first)
    while after:
        page = client.get("/views/departures/rows", params={"limit": 2, "after": after})
        assert page.json()["pin"] == "1.0"
        after, seen = page.json()["after"], [*seen, *_numbers(page)]
    assert seen == [9, 5, 3, 4, 1]
    assert _numbers(client.get("/views/departures/rows?limit=2")) == [100, 101]


def test_the_place_in_a_walk_belongs_to_its_question(client: Client) -> None:
    after = client.get("/views/departures/rows?origin=JFK&limit=1").json()["after"]
    other = client.get(f"/views/departures/rows?origin=LGA&limit=1&after={after}")
    assert other.status_code == 400
    assert other.json()["error"]["where"] == "parameter after"
    assert client.get("/views/departures/rows?after=nonsense").status_code == 400


def test_a_version_that_is_gone_says_so(answers: MemoryAnswers) -> None:
    client = Client(app(answers))
    after = client.get("/views/departures/rows?limit=1").json()["after"]
    answers._versions["departures"].clear()
    answers.put(HOURS, departures([]))
    answers.put(HOURS, departures([]))
    answers._versions["departures"].pop(0)
    gone = client.get(f"/views/departures/rows?limit=1&after={after}")
    assert gone.status_code == 410


def test_what_did_not_change_is_not_sent_again(client: Client, answers: MemoryAnswers) -> None:
    for path in (
        "/views/departures/rows?origin=JFK",
        "/views/departures",
        "/live/departures/chart",
    ):
        tag = client.get(path).headers["ETag"]
        same = client.get(path, headers={"If-None-Match": f'"0.0", W/{tag}'})
        assert (same.status_code, same.content, same.headers["ETag"]) == (304, b"", tag)
    answers.put(HOURS, departures(ROWS[:1]))
    moved = client.get("/views/departures/rows", headers={"If-None-Match": '"1.0"'})
    assert _numbers(moved) == [5]


def test_a_view_tells_its_columns_and_where_it_stands(client: Client) -> None:
    found = client.get("/views/departures").json()
    assert found["keys"] == ["origin", "hour"]
    assert found["columns"][1] == {
        "name": "hour",
        "type": "timestamp",
        "nullable": True,
        "description": "UTC",
        "key": True,
    }
    assert found["days"] == [{"day": "2013-07-10", "batch_cut": -1, "late_rows": 2}]
    listed = client.get("/views").json()["views"]
    assert [(view["name"], view["as_of"], view["loading"]) for view in listed] == [
        ("departures", 0, False)
    ]


@pytest.mark.parametrize(
    ("path", "status", "part", "says"),
    [
        ("/views/departure/rows", 404, "remedy", "did you mean 'departures'?"),
        ("/nothing", 404, "what", "unknown path"),
        ("/views/departures/rows?orign=JFK", 400, "remedy", "did you mean 'origin'?"),
        ("/views/departures/rows?departures=3", 400, "known", "origin.prefix"),
        ("/views/departures/rows?hour=yesterday", 400, "remedy", "2013-07-10T08:00:00Z"),
        ("/views/departures/rows?limit=0", 400, "known", "1 to 10000"),
        ("/views/departures/rows?limit=10001", 400, "known", "1 to 10000"),
        ("/views/departures/rows?from=2013-07-10&from=2013-07-11", 400, "what", "given twice"),
        ("/assets/page.js", 404, "known", "/assets/live.js"),
    ],
)
def test_errors_have_four_parts(
    client: Client, path: str, status: int, part: str, says: str
) -> None:
    response = client.get(path)
    error = response.json()["error"]
    assert (response.status_code, error["status"]) == (status, status)
    assert set(error) == {"status", "what", "where", "known", "remedy"}
    assert says in error[part]


def test_nothing_is_written(client: Client) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        response = client.request(method, "/views/departures/rows")
        assert (response.status_code, response.json()["error"]["remedy"]) == (405, "use GET")


def test_every_number_that_json_cannot_hold_is_text() -> None:
    about = About(
        name="odd",
        columns=tuple(
            TableColumn(name, kind)
            for name, kind in {
                "key": "bigint",
                "small": "bigint",
                "tiny": "tinyint",
                "amount": "decimal(20,2)",
                "share": "double",
                "mark": "binary",
                "day": "date",
                "nested": "array<struct<n:bigint>>",
            }.items()
        ),
        keys=("key",),
    )
    answers = MemoryAnswers()
    big = 2**53 + 1
    row = {"key": big, "small": 2**53, "amount": Decimal("12.50"), "share": float("nan")}
    row |= {"mark": b"\x00\xff", "day": hour(0).date(), "nested": [{"n": -big}, {"n": 1}]}
    answers.put(about, pl.DataFrame([row | {"tiny": 7}], schema_overrides={"tiny": pl.Int8}))
    client = Client(app(answers))
    found = client.get(f"/views/odd/rows?key={big}").json()["rows"]
    assert client.get(f"/views/odd/rows?key={2**63}").status_code == 400
    assert found == [
        {
            "key": str(big),
            "small": 2**53,
            "amount": "12.50",
            "share": None,
            "mark": "AP8=",
            "day": "2013-07-10",
            "nested": [{"n": str(-big)}, {"n": 1}],
            "tiny": 7,
        }
    ]


def test_a_view_that_is_loading_is_waited_for(answers: MemoryAnswers, client: Client) -> None:
    answers.loading = 2
    assert _numbers(client.get("/views/departures/rows?origin=LGA")) == [1]
    answers.loading = 1
    assert client.get("/views").json()["views"][0]["loading"] is True


def test_what_takes_too_long_ends_and_says_when_to_return(answers: MemoryAnswers) -> None:
    answers.loading = 10**6
    client = Client(app(answers, limits=Limits(seconds=0.2)))
    response = client.get("/views/departures/rows")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")
    assert "0.2 s" in response.json()["error"]["known"]


def test_more_requests_at_once_than_taken_are_sent_away(answers: MemoryAnswers) -> None:
    async def both() -> list[int]:
        served = app(answers, limits=Limits(requests=1))
        transport = httpx.ASGITransport(served)
        async with httpx.AsyncClient(transport=transport, base_url=LOCAL) as client:
            answers.loading = 4
            slow = asyncio.create_task(client.get("/views/departures/rows"))
            await asyncio.sleep(0.05)
            busy, health = await client.get("/views"), await client.get("/health")
            assert busy.headers["Retry-After"] == "1"
            return [busy.status_code, health.status_code, (await slow).status_code]

    assert asyncio.run(both()) == [503, 200, 200]


def test_a_token_guards_all_that_holds_data(answers: MemoryAnswers) -> None:
    client = Client(app(answers, token="s3cret"), "http://data.example")
    guarded = ("/views", "/views/departures", "/views/departures/rows", "/openapi.json")
    for path in (*guarded, "/live/departures/chart", "/live/departures/chart/"):
        for given in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "s3cret"}):
            refused = client.get(path, headers=given)
            assert (refused.status_code, "s3cret" in refused.text) == (401, False)
    for path in ("/health", "/", "/live/departures", "/assets/live.js"):
        assert client.get(path).status_code == 200
    known = {"Authorization": "Bearer s3cret"}
    assert all(client.get(path, headers=known).status_code == 200 for path in guarded)


def test_without_a_token_no_name_of_the_web_leads_here(client: Client) -> None:
    refused = client.get("/views", headers={"Host": "rebound.example:8765"})
    assert refused.status_code == 403
    assert client.get("/views", headers={"Host": "[::1]:8765"}).status_code == 200


def test_health_says_whether_the_lake_answers(client: Client, answers: MemoryAnswers) -> None:
    assert client.get("/health").json() == {"status": "ready"}
    answers.failure = SourceUnavailable("the lake is away")
    response = client.get("/health")
    assert (response.status_code, response.json()["status"]) == (503, "not ready")


def test_a_failure_is_told_without_its_inside(answers: MemoryAnswers) -> None:
    class Broken(MemoryAnswers):
        def names(self) -> list[str]:
            raise RuntimeError("secret place")

    client = Client(app(Broken()))
    response = client.get("/views")
    assert (response.status_code, "secret place" in response.text) == (500, False)
    answers.failure = StatementFailed("no")
    client = Client(app(answers))
    assert client.get("/health").status_code == 503


def test_openapi_has_a_path_per_view_and_a_parameter_per_question(client: Client) -> None:
    document = client.get("/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    rows = document["paths"]["/views/departures/rows"]["get"]
    names = {parameter["name"] for parameter in rows["parameters"]}
    assert names == {
        *("origin", "origin.prefix", "origin.null", "hour", "hour.from", "hour.to", "hour.null"),
        *("from", "to", "limit", "after"),
    }
    schema = document["components"]["schemas"]["departures"]
    assert set(schema["properties"]) == {"origin", "hour", "departures"}
    assert set(document["paths"]) >= {"/health", "/views", "/views/departures"}


def test_pages_load_nothing_from_elsewhere(client: Client) -> None:
    for path in ("/", "/live/departures", "/live/%3Cscript%3Ealert(1)"):
        page = client.get(path)
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert "://" not in page.text
        assert "<script>" not in page.text
    for name in ("asking.js", "home.js", "live.js", "page.css", "serving.css"):
        assert "://" not in client.get(f"/assets/{name}").text


def test_pages_leave_out_what_is_personal() -> None:
    columns = (
        TableColumn("shop", "string"),
        TableColumn("email", "string", personal="email"),
        TableColumn("spent", "bigint"),
    )
    answers = MemoryAnswers()
    about = About(name="customers", columns=columns, keys=("email", "shop"))
    answers.put(about, pl.DataFrame({"shop": ["s"], "email": ["a@example.org"], "spent": [3]}))
    client = Client(app(answers))
    shown = client.get("/live/customers/chart")
    assert "example.org" not in shown.text
    assert shown.json()["specification"]["data"]["values"] == [{"x": 3, "y": "s", "y_rank": 0}]
    assert client.get("/views/customers/rows").json()["rows"][0]["email"] == "a@example.org"


def test_what_cannot_be_drawn_is_said() -> None:
    answers = MemoryAnswers()
    about = About(name="bare", columns=(TableColumn("n", "bigint"),), keys=())
    answers.put(about, pl.DataFrame({"n": [3]}))
    answers.put(HOURS, departures([]))
    client = Client(app(answers))
    assert "No chart" in client.get("/live/bare/chart").json()["problem"]
    assert "no rows" in client.get("/live/departures/chart").json()["problem"]
    many = pl.select(n=pl.int_range(0, 600)).select(
        origin=pl.format("o{}", "n"), hour=pl.lit(hour(1)), departures="n"
    )
    chart = Chart(
        "Departures",
        "bar",
        Encoding("Departures", "quantitative", "departures"),
        Encoding("Origin", "nominal", "origin"),
    )
    answers.put(replace(HOURS, chart=chart), many)
    assert "600 values" in client.get("/live/departures/chart").json()["problem"]
