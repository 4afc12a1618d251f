"""Colours and type of charts, in light and dark; told apart by the colour-blind too."""

from typing import Any

_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"

_LIGHT = {
    "background": "#ffffff",
    "text": "#1c2430",
    "quiet": "#5b6675",
    "grid": "#e6e9ee",
    "axis": "#aab3bf",
    "series": ["#0068a8", "#e69b21", "#76024f", "#03bfb5", "#ad2a05", "#a5b168", "#8a6253"],
    "ramp": ["#fff3d6", "#fdd08a", "#f59a56", "#dd5a4b", "#a82a5b", "#5c1459"],
    "diverging": ["#0b5394", "#6aa9d6", "#e4edf3", "#f3ede2", "#e7a04c", "#a04a00"],
}
_DARK = {
    "background": "#14181f",
    "text": "#e8ecf2",
    "quiet": "#a3adbb",
    "grid": "#2a313c",
    "axis": "#56606e",
    "series": ["#5cb3ee", "#e18616", "#ffb7c3", "#c4f691", "#df3c49", "#7067e4", "#926c8c"],
    "ramp": ["#2c1633", "#6a1d57", "#ab3057", "#df6049", "#f7a456", "#ffe3a3"],
    "diverging": ["#7cc0f5", "#3a78ab", "#25323f", "#3a3025", "#b8742b", "#ffc27a"],
}


def theme(*, dark: bool) -> dict[str, Any]:
    """A Vega-Lite config; the page and the pictures share it."""
    colors: dict[str, Any] = _DARK if dark else _LIGHT
    text = {"labelColor": colors["quiet"], "titleColor": colors["text"]}
    first = colors["series"][0]
    return {
        "background": colors["background"],
        "font": _FONT,
        "padding": 4,
        "view": {"stroke": None},
        "title": {
            "anchor": "start",
            "color": colors["text"],
            "subtitleColor": colors["quiet"],
            "fontSize": 17,
            "subtitleFontSize": 13,
            "fontWeight": 600,
            "frame": "group",
            "offset": 14,
            "subtitlePadding": 5,
        },
        "axis": {
            **text,
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": 500,
            "titlePadding": 10,
            "labelPadding": 6,
            "gridColor": colors["grid"],
            "domainColor": colors["axis"],
            "tickColor": colors["axis"],
            "tickSize": 4,
            "labelOverlap": True,
        },
        "axisQuantitative": {"domain": False, "ticks": False, "tickCount": 6},
        "axisDiscrete": {"grid": False, "ticks": False, "domain": False},
        "axisTemporal": {"grid": False},
        "legend": {
            **text,
            "orient": "top",
            "direction": "horizontal",
            "labelFontSize": 12,
            "titleFontSize": 12,
            "titleFontWeight": 500,
            "titleLimit": 320,
            "gradientLength": 200,
            "gradientThickness": 10,
            "symbolType": "circle",
            "columns": 4,
            "offset": 12,
        },
        "header": {
            "labelColor": colors["text"],
            "labelFontSize": 13,
            "labelFontWeight": 600,
            "labelPadding": 6,
        },
        "range": {
            "category": colors["series"],
            "ramp": colors["ramp"],
            "heatmap": colors["ramp"],
            "ordinal": colors["ramp"],
            "diverging": colors["diverging"],
        },
        "mark": {"color": first},
        "rect": {"stroke": colors["background"], "strokeWidth": 1},
        "bar": {"cornerRadiusEnd": 2},
        "line": {"strokeWidth": 1.8, "strokeJoin": "round"},
        "area": {"fillOpacity": 0.25, "line": {"strokeWidth": 1.6}},
        "point": {"filled": True, "size": 44, "opacity": 0.75},
        "text": {"color": colors["text"], "fontSize": 12},
        "rule": {"color": colors["axis"]},
        "facet": {"spacing": 26},
    }
