"""A page as headless Chromium has it after its scripts ran."""

import shutil
import subprocess
from pathlib import Path

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
needs_chromium = pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")
_FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--virtual-time-budget=20000",
    "--window-size=1280,900",
]


def dom(page: Path, profile: Path, *, dark: bool = False) -> str:
    """The document of a file, serialized; `profile` is an empty folder."""
    scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
    found = subprocess.run(
        [CHROMIUM, *_FLAGS, scheme, f"--user-data-dir={profile}", "--dump-dom", page.as_uri()],
        capture_output=True,
        timeout=90,
        check=True,
    )
    return found.stdout.decode()
