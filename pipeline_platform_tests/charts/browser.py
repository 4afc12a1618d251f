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
    "--window-size=1280,900",
]


def dom(page: Path, profile: Path, *, dark: bool = False) -> str:
    """The document of a file, serialized; `profile` is an empty folder."""
    return dom_at(page.as_uri(), profile, dark=dark)


def dom_at(address: str, profile: Path, *, dark: bool = False, seconds: int = 20) -> str:
    """The document at an address after some seconds of its own time, serialized."""
    clock = f"--virtual-time-budget={seconds * 1000}"
    scheme = f"--blink-settings=preferredColorScheme={0 if dark else 1}"
    found = subprocess.run(
        [CHROMIUM, *_FLAGS, clock, scheme, f"--user-data-dir={profile}", "--dump-dom", address],
        capture_output=True,
        timeout=90,
        check=True,
    )
    return found.stdout.decode()
