"""Makes the virtual environment in which Feast runs, once per set of pins."""

import hashlib
import subprocess
import sys
from pathlib import Path

from benchmarks.measure import Measured, run

_HERE = Path(__file__).parent
_PINS = _HERE / "requirements.txt"
_VENV = _HERE.parents[1] / ".venv" / "feast"


def join(folder: Path, clocks: str) -> Measured:
    """Join the files in `folder` into its `feast_<clocks>.parquet`; see `join.py`."""
    private = {"FEAST_USAGE": "False", "TMPDIR": str(folder)}
    return run([str(_python()), str(_HERE / "join.py"), str(folder), clocks], private)


def _python() -> Path:
    """The interpreter of the environment, which is made anew when the pins change."""
    stamp, pins = _VENV / "installed", hashlib.sha256(_PINS.read_bytes()).hexdigest()
    python = _VENV / "bin" / "python"
    if not stamp.exists() or stamp.read_text() != pins:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(_VENV)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "-r", str(_PINS)]
        subprocess.run([*install, "--disable-pip-version-check"], check=True)
        stamp.write_text(pins)
    return python
