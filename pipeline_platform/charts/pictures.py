"""Still pictures of charts as PNG, made offline."""

import copy
import struct
import zlib
from typing import Any

from pipeline_platform.charts.theme import theme

_WIDTH = 680
_HEAD = 8


def picture(specification: dict[str, Any], *, dark: bool = False, scale: float = 1.0) -> bytes:
    """PNG of a specification, about 760 pixels wide times `scale`, light unless `dark`."""
    import vl_convert

    still = copy.deepcopy(specification)
    still.get("spec", still)["width"] = _WIDTH
    return _packed(vl_convert.vegalite_to_png(still, config=theme(dark=dark), scale=scale))


def _packed(png: bytes) -> bytes:
    """The same picture, packed tighter: the renderer writes it for speed."""
    kept, packed, at = [], b"", _HEAD
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += length + 12
        if kind == b"IDAT":
            packed += body
        else:
            kept.append((kind, body))
    pixels = (b"IDAT", zlib.compress(zlib.decompress(packed), 9))
    return png[:_HEAD] + b"".join(_chunk(*part) for part in [*kept[:-1], pixels, kept[-1]])


def _chunk(kind: bytes, body: bytes) -> bytes:
    check = zlib.crc32(kind + body)
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)
