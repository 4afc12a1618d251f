"""A stranger: a folder outside the repository, a clean environment, this installation."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

BIN = Path(sys.executable).parent
_STORED = ("data", ".pytest_cache", "__pycache__")


class Stranger:
    """Somebody with an installed package and a shell; `here` is where the shell stands."""

    def __init__(self, home: Path) -> None:
        self.home, self.here = home, home

    @property
    def environment(self) -> dict[str, str]:
        """Nothing but what a shell needs."""
        path = os.pathsep.join([str(BIN), "/usr/bin", "/bin"])
        return {"PATH": path, "HOME": str(self.home), "LANG": "C.UTF-8", "COLUMNS": "200"}

    def run(self, script: str) -> subprocess.CompletedProcess[str]:
        """The finished script; the next one starts where it ended."""
        ended = self.home / ".ended_in"
        done = subprocess.run(
            ["sh", "-ec", f'{script}\npwd > "{ended}"'],
            cwd=self.here,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )
        if done.returncode == 0:
            self.here = Path(ended.read_text().strip())
        return done

    def does(self, script: str) -> str:
        """What the script prints; fails with its words if it fails."""
        done = self.run(script)
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    def refused(self, script: str) -> str:
        """What the script says on standard error when it fails, without this machine's paths."""
        done = self.run(script)
        assert done.returncode == 1, f"{script}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr + done.stdout, done.stderr
        return done.stderr.replace(str(self.here), "PROJECT").replace(str(self.home), "HOME")

    def write(self, path: str, text: str) -> None:
        """A file below where the shell stands."""
        (self.here / path).parent.mkdir(parents=True, exist_ok=True)
        (self.here / path).write_text(text)

    def files(self) -> dict[str, str]:
        """Hash of every file of the project, by path, without what is stored in it."""
        found = [path for path in self.here.rglob("*") if path.is_file()]
        named = {path.relative_to(self.here).as_posix(): path for path in found}
        return {
            name: hashlib.sha256(path.read_bytes()).hexdigest()
            for name, path in named.items()
            if not any(part in _STORED for part in Path(name).parts)
        }
