"""Pages need nothing from outside, hold any text, and are the same for the same rows."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import polars as pl
import pytest

from pipeline_platform.charts.bundle import bundle
from pipeline_platform.charts.pages import Pages
from pipeline_platform.contracts.charts import Chart, ChartSubject, Encoding
from pipeline_platform.ports.local.object_store import FolderStore
from pipeline_platform_tests.charts.browser import dom, needs_chromium
from pipeline_platform_tests.charts.data import AMOUNT, BARS, BUILT, HOSTILE, ROWS, SHOP, SUBJECT

SHOWN = [text.replace("\x00", "\ufffd") for text in HOSTILE]
HARMLESS = {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


class Elements(HTMLParser):
    """Every element with its attributes, and the text in the one JSON script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.json = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        tag, attributes = self.found[-1] if self.found else ("", {})
        if tag == "script" and attributes.get("id") == "specification":
            self.json += data

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for found, attributes in self.found if found == tag]


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def hostile() -> tuple[Chart, pl.DataFrame, ChartSubject]:
    text = " ".join(HOSTILE)
    chart = Chart(
        title=text,
        subtitle=text,
        mark="bar",
        x=Encoding(text, "quantitative", column=HOSTILE[0], unit=text),
        y=Encoding(text, "nominal", column=HOSTILE[2], unit=text),
        color=Encoding(text, "nominal", column=HOSTILE[2]),
        tooltip=(Encoding(text, "nominal", column=HOSTILE[2]),),
        labels=True,
    )
    rows = pl.DataFrame({HOSTILE[0]: [float(n) for n in range(5)], HOSTILE[2]: HOSTILE})
    return chart, rows, ChartSubject("mart.sales", text, text, text)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pages of three charts: plain bars, small multiples, and nothing but hostile texts."""
    folder = tmp_path_factory.mktemp("site") / "a folder"
    pages = Pages(FolderStore(folder))
    bars = msgspec.structs.replace(BARS, subtitle="This year", labels=True)
    pages.write(bars, ROWS, msgspec.structs.replace(SUBJECT, table="mart.bars"), BUILT)
    rows = msgspec.structs.replace(BARS, title="Rows", row=SHOP)
    pages.write(rows, ROWS, msgspec.structs.replace(SUBJECT, table="mart.rows"), BUILT)
    pages.write(*hostile(), BUILT)
    pages.index()
    return folder


def test_pages_load_nothing_but_the_one_script_beside_them(site: Path) -> None:
    name, script = bundle()
    written = files(site)
    assert written[name] == script
    assert sum(path.endswith(".js") for path in written) == 1
    addresses = set(re.findall(rb"https?://[\w./-]+", script))
    assert {a.decode().rstrip("/") for a in addresses} <= HARMLESS | {
        "http://www.w3.org/2000/xmlns"
    }
    for path in ("mart.bars.html", "mart.rows.html", "index.html"):
        assert b"http:" not in written[path].replace(b"http-equiv", b"")
        assert b"https:" not in written[path]
        page = Elements(written[path].decode())
        assert [s["src"] for s in page.of("script") if "src" in s] in ([name], [])
        assert page.of("link") == page.of("iframe") == []


def test_a_page_says_what_it_shows(site: Path) -> None:
    text = (site / "mart.bars.html").read_text()
    for said in ("Sales by shop", "Sales per shop.", "mart.bars", "team:shop", "Data (3 rows)"):
        assert said in text
    assert "01 Mar 2026, 12:30 UTC" in text
    assert re.search(r'<td class="number">30</td><td>south</td>', text)
    page = Elements(text)
    assert "script-src 'self'" in str(page.of("meta")[1]["content"])
    assert "unsafe-eval" not in text
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.of("meta")
    assert page.of("noscript")
    still = page.of("img")[0]
    assert str(still["src"]).startswith("data:image/png;base64,")
    assert "Bar chart: Sales by shop" in str(still["alt"])


def test_hostile_texts_make_no_element(site: Path) -> None:
    plain, strange = (
        Elements((site / name).read_text()) for name in ("mart.bars.html", "mart.sales.html")
    )
    kinds = {tag for tag, _ in plain.found}
    assert {tag for tag, _ in strange.found} == kinds
    for tag in kinds - {"tr", "td", "th"}:
        assert len(strange.of(tag)) == len(plain.of(tag)), tag
    assert not any("onerror" in attributes for _, attributes in strange.found)
    found = json.loads(strange.json)
    assert sorted(row["y"] for row in found["data"]["values"]) == sorted(SHOWN)
    assert not set(strange.json) & set("<>&\u2028\u2029\x00")


def test_equal_rows_give_equal_bytes(tmp_path: Path) -> None:
    made = []
    for name, rows in (("one", ROWS), ("two", ROWS.reverse())):
        pages = Pages(FolderStore(tmp_path / name))
        for _ in range(2):
            pages.write(BARS, rows, SUBJECT, BUILT)
            pages.index()
        made.append(files(tmp_path / name))
    assert made[0] == made[1]


def test_an_empty_table_gives_a_page_that_says_so(tmp_path: Path) -> None:
    pages = Pages(FolderStore(tmp_path))
    written = pages.write(BARS, ROWS.clear(), SUBJECT, BUILT)
    text = (tmp_path / written.key).read_text()
    assert "holds no rows" in text
    assert Elements(text).of("script") == Elements(text).of("figure") == []


def test_a_long_table_shows_its_first_rows(tmp_path: Path) -> None:
    rows = pl.DataFrame({"amount": [float(n) for n in range(2500)]})
    chart = Chart(title="Dots", mark="point", x=AMOUNT, y=AMOUNT)
    written = Pages(FolderStore(tmp_path)).write(chart, rows, SUBJECT, BUILT)
    text = (tmp_path / written.key).read_text()
    assert "Data (the first 2,000 of 2,500 rows)" in text
    assert len(Elements(text).of("tr")) == 2001
    assert written.rows == len(json.loads(Elements(text).json)["data"]["values"]) == 2500


def test_the_index_lists_charts_by_domain_with_pictures(site: Path, tmp_path: Path) -> None:
    page = Elements((site / "index.html").read_text())
    assert [card["href"] for card in page.of("a")][-2:] == ["mart.rows.html", "mart.bars.html"]
    assert len(page.of("img")) == len(page.of("source")) == 3
    pages = Pages(FolderStore(tmp_path))
    pages.index()
    assert "No chart" in (tmp_path / "index.html").read_text()
    pages.write(BARS, ROWS, SUBJECT, BUILT)
    pages.index(tables=["mart.other"])
    assert "No chart" in (tmp_path / "index.html").read_text()


class Crowded(FolderStore):
    """Another writer adds a chart while the first index is being written."""

    other: Path | None = None

    def put(self, key: str, data: bytes) -> None:
        super().put(key, data)
        if key == "index.html" and self.other is None:
            self.other = self.root
            subject = msgspec.structs.replace(SUBJECT, table="mart.later")
            Pages(FolderStore(self.root)).write(BARS, ROWS, subject, BUILT)


def test_an_index_misses_no_chart_of_another_writer(tmp_path: Path) -> None:
    pages = Pages(Crowded(tmp_path))
    pages.write(BARS, ROWS, SUBJECT, BUILT)
    pages.index()
    assert len(Elements((tmp_path / "index.html").read_text()).of("img")) == 2


@needs_chromium
@pytest.mark.slow
@pytest.mark.parametrize("dark", [False, True])
def test_a_browser_draws_the_page_from_a_file(site: Path, tmp_path: Path, dark: bool) -> None:
    found = dom(site / "mart.bars.html", tmp_path, dark=dark)
    assert f'data-drawn="{"dark" if dark else "light"}"' in found
    assert "Amount (euro)" in "".join(re.findall(r"<svg.*?</svg>", found, re.DOTALL))
    assert ("#5cb3ee" in found) is dark


@needs_chromium
@pytest.mark.slow
def test_small_multiples_fit_a_phone(site: Path, tmp_path: Path) -> None:
    page = site / "narrow.html"
    text = (site / "mart.rows.html").read_text()
    page.write_text(text.replace("<body>", '<body style="width: 390px">'))
    found = dom(page, tmp_path)
    assert "data-drawn" in found
    (width,) = re.findall(r'<svg[^>]* class="marks" width="([\d.]+)"', found)
    assert 300 < float(width) <= 390 - 2 * (12 + 6)


@needs_chromium
@pytest.mark.slow
def test_hostile_texts_stay_texts_in_a_browser(site: Path, tmp_path: Path) -> None:
    found = dom(site / "mart.sales.html", tmp_path)
    assert "data-drawn" in found
    assert "<title>owned" not in found
    (drawing,) = re.findall(r"<svg.*?</svg>", found, re.DOTALL)
    for text in ("&lt;/script&gt;&lt;script&gt;", "&lt;img src=x", "&lt;!-- "):
        assert text in drawing
    assert len(Elements(found).of("img")) == 1
