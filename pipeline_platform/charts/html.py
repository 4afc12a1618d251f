"""The HTML of a chart's page and of the index; every text is escaped."""

import json
from base64 import b64encode
from collections.abc import Iterable
from datetime import UTC, datetime
from html import escape as _escape
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from pipeline_platform.charts.data import fields
from pipeline_platform.charts.formats import written
from pipeline_platform.charts.texts import legible
from pipeline_platform.contracts.charts import Chart, ChartSubject

if TYPE_CHECKING:
    import polars as pl

MOST_SHOWN = 2_000
_MOST_SVG = 2_500


class Card(Struct, frozen=True, forbid_unknown_fields=True):
    """What the index shows of one chart; pictures are PNG, light and dark."""

    page: str
    title: str
    subtitle: str
    subject: ChartSubject
    rows: int
    built_at: datetime
    light: bytes
    dark: bytes


def asset(name: str) -> str:
    """A text that ships with this room: `page.css` or `page.js`."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def escape(text: str) -> str:
    """`text` as it may stand between tags and in attributes."""
    return _escape(legible(text))


def inline_json(value: Any) -> str:
    """JSON that may stand inside of a `<script>`: no `<`, `>`, `&`, nothing beyond ASCII."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def page(
    chart: Chart,
    subject: ChartSubject,
    specification: dict[str, Any],
    frame: "pl.DataFrame",
    values: list[dict[str, Any]],
    *,
    rows: int,
    built_at: datetime,
    still: bytes,
    bundle: str,
) -> str:
    """A page that needs nothing but `bundle`, the script beside it."""
    said = {k: v for k, v in specification.items() if k not in ("title", "$schema", "config")}
    subtitle = f'<p class="subtitle">{escape(chart.subtitle)}</p>' if chart.subtitle else ""
    drawing = _drawing(specification, still, len(values)) if values else _EMPTY
    script = (
        f'<script type="application/json" id="specification">{inline_json(said)}</script>\n'
        f'<script src="{escape(bundle)}"></script>'
    )
    body = f"""<nav><a href="index.html">All charts</a></nav>
<main>
<h1>{escape(chart.title)}</h1>
{subtitle}
{drawing}
<p class="about">{escape(subject.description)}</p>
{_facts(subject, rows, built_at)}
{_data(chart, frame, values) if values else ""}
</main>
{script if values else ""}"""
    return _document(chart.title, body, "script-src 'self'; ")


def index(cards: Iterable[Card]) -> str:
    """The index of all charts, by domain and title."""
    by_domain: dict[str, list[Card]] = {}
    for card in sorted(cards, key=lambda c: (c.subject.domain, c.title, c.page)):
        by_domain.setdefault(card.subject.domain, []).append(card)
    sections = "\n".join(
        f'<section><h2>{escape(domain)}</h2>\n<div class="cards">\n'
        + "\n".join(_card(card) for card in found)
        + "\n</div></section>"
        for domain, found in by_domain.items()
    )
    return _document(
        "Charts",
        f"<main><h1>Charts</h1>\n{sections or _EMPTY_INDEX}\n<footer></footer></main>",
        "",
    )


_EMPTY = '<p class="empty">The table holds no rows, so there is nothing to draw yet.</p>'
_EMPTY_INDEX = '<p class="empty">No chart has been drawn yet.</p>'


def _document(title: str, body: str, scripts: str) -> str:
    policy = (
        f"default-src 'none'; {scripts}style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<style>
{asset("page.css")}</style>
</head>
<body>
{body}
</body>
</html>
"""


def _drawing(specification: dict[str, Any], still: bytes, rows: int) -> str:
    words = escape(specification["description"])
    renderer = "svg" if rows <= _MOST_SVG else "canvas"
    return f"""<figure>
<div id="chart" data-renderer="{renderer}"></div>
<img class="still" alt="{words}" src="{_png(still)}">
<noscript><style>#chart {{ display: none }} .still {{ display: block }}</style>
<p>Scripts are off: this is a picture of the chart. Its data stands below.</p></noscript>
</figure>"""


def _facts(subject: ChartSubject, rows: int, built_at: datetime) -> str:
    facts = {
        "Table": subject.table,
        "Rows": f"{rows:,}",
        "Domain": subject.domain,
        "Owner": subject.owner,
        "Built": _instant(built_at),
    }
    parts = (f"<div><dt>{k}</dt><dd>{escape(v)}</dd></div>" for k, v in facts.items() if v)
    return f"<dl>{''.join(parts)}</dl>"


def _data(chart: Chart, frame: "pl.DataFrame", values: list[dict[str, Any]]) -> str:
    named = fields(chart)
    numbers = {name for name in named if frame[name].dtype.is_numeric()}
    kinds = {name: ' class="number"' if name in numbers else "" for name in named}
    heads = "".join(f"<th{kinds[n]}>{escape(e.label)}</th>" for n, e in named.items())
    rows = "\n".join(
        "<tr>"
        + "".join(f"<td{kinds[n]}>{escape(written(v[n], e))}</td>" for n, e in named.items())
        + "</tr>"
        for v in values[:MOST_SHOWN]
    )
    count = f"{len(values):,} rows"
    if len(values) > MOST_SHOWN:
        count = f"the first {MOST_SHOWN:,} of {count}"
    return f"""<details><summary>Data ({count})</summary>
<div class="scroll"><table>
<thead><tr>{heads}</tr></thead>
<tbody>
{rows}
</tbody></table></div></details>"""


def _card(card: Card) -> str:
    facts = f"{card.subject.table} · {card.rows:,} rows · {_instant(card.built_at)}"
    subtitle = f"<span>{escape(card.subtitle)}</span>" if card.subtitle else ""
    return f"""<a class="card" href="{escape(card.page)}">
<picture><source srcset="{_png(card.dark)}" media="(prefers-color-scheme: dark)">
<img alt="" src="{_png(card.light)}"></picture>
<div><strong>{escape(card.title)}</strong>{subtitle}<span>{escape(facts)}</span></div></a>"""


def _png(picture: bytes) -> str:
    return f"data:image/png;base64,{b64encode(picture).decode()}"


def _instant(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%d %b %Y, %H:%M UTC")
