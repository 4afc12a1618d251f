"""The pages without data that a browser opens first; scripts beside them ask for the rest."""

from importlib.resources import files
from string import Template

from pipeline_platform.charts.bundle import bundle
from pipeline_platform.charts.html import asset as chart_asset
from pipeline_platform.charts.html import escape
from pipeline_platform.errors import UnknownName

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; connect-src 'self'; "
    "style-src 'self' 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_EXPORTS = "globalThis.vegaEmbed = vegaEmbed; globalThis.THEMES = THEMES;"
_KINDS = {"js": "text/javascript", "css": "text/css"}
ASSETS = ("vega.js", "page.css", "serving.css", "asking.js", "home.js", "live.js")


def home() -> str:
    """The page that lists the views and says how to ask."""
    return _text("home.html")


def live(view: str) -> str:
    """The page of one view; whether there is such a view it learns when it asks."""
    return Template(_text("live.html")).substitute(view=escape(view))


def asset(name: str) -> tuple[bytes, str]:
    """Bytes and media type of a file beside the pages; UnknownName for another."""
    if name not in ASSETS:
        raise UnknownName("path", f"/assets/{name}", [f"/assets/{one}" for one in ASSETS])
    kind = _KINDS[name.rpartition(".")[2]]
    if name == "vega.js":
        return bundle(_EXPORTS)[1], kind
    return (chart_asset(name) if name == "page.css" else _text(name)).encode(), kind


def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
