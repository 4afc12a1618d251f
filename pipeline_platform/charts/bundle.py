"""The one script that all pages share: Vega, its interpreter and the page's own lines."""

import hashlib
import json
import re
from functools import cache

from pipeline_platform.charts.html import asset
from pipeline_platform.charts.theme import theme

_ADDRESS = re.compile(r"https://(?:vega\.github\.io|github\.com)[^\"'`\s)]*")


@cache
def bundle(lines: str = "") -> tuple[str, bytes]:
    """File name (by content) and bytes of the script; it names no address to load from.

    `lines` run where `vegaEmbed` and `THEMES` are known, by default those of the pages. It
    is a classic script: browsers refuse modules in pages opened as files. Vega's
    interpreter runs its expressions, so that pages need no `unsafe-eval`.
    """
    import vl_convert

    themes = json.dumps({"light": theme(dark=False), "dark": theme(dark=True)})
    made = vl_convert.javascript_bundle(f"const THEMES = {themes};\n{lines or asset('page.js')}")
    script = f"(() => {{{_ADDRESS.sub('', made)}}})();\n".encode()
    return f"vega.{hashlib.sha256(script).hexdigest()[:12]}.js", script
