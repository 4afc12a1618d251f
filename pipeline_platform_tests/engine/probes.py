"""The queries of `probes.sql`, by name, and those that show a gap."""

import re
from pathlib import Path

from pipeline_platform.engine.capabilities import FEATURES

_TEXT = Path(__file__).with_name("probes.sql").read_text()
PROBES = {
    name: text.strip() for name, text in re.findall(r"^-- (\w+)\n(.*?);$", _TEXT, re.M | re.S)
}
GAPS = {f"gap_{name}": feature.probe for name, feature in FEATURES.items() if feature.probe}
