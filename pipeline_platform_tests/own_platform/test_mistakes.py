"""What a newcomer is told of the likeliest mistakes, on the command line, as reviewed."""

import re
import shutil
import tempfile
from pathlib import Path

import pytest

from pipeline_platform_tests.own_platform.mistakes import MISTAKES, Mistake, shop
from pipeline_platform_tests.own_platform.stranger import Stranger
from pipeline_platform_tests.reviewed import messages

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200)]

GOLDEN = Path(__file__).parent / "golden" / "mistakes.txt"
_PASSING = (
    (r"^ *\d+\.\d s  (?!.*: failed).*\n", ""),
    (r"\d+\.\d s", "N s"),
    (r"in \d+ s\.", "in N s."),
)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with the tea shop in it."""
    home = tmp_path_factory.mktemp("base")
    shop(Stranger(home))
    return home


def told(base: Path, home: Path, mistake: Mistake) -> str:
    """What the command says, without times, steps that went well and this machine's paths."""
    shutil.copytree(base, home, dirs_exist_ok=True)
    stranger = Stranger(home)
    stranger.here = home / "tea_shop"
    mistake.make(stranger)
    done = stranger.run(mistake.command)
    assert done.returncode == mistake.status, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    said = done.stderr.replace(str(home), "HOME")
    for pattern, word in _PASSING:
        said = re.sub(pattern, word, said, flags=re.MULTILINE)
    return said.strip()


@pytest.mark.parametrize("case", MISTAKES)
def test_the_message_is_as_reviewed(case: str, base: Path, tmp_path: Path) -> None:
    """Rewrite with `python -m pipeline_platform_tests.own_platform.test_mistakes`."""
    assert told(base, tmp_path, MISTAKES[case]) == messages(GOLDEN)[case]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as first:
        shop(Stranger(Path(first)))
        found = []
        for title, mistake in MISTAKES.items():
            with tempfile.TemporaryDirectory() as folder:
                found.append(f"## {title}\n{told(Path(first), Path(folder), mistake)}\n")
    GOLDEN.parent.mkdir(exist_ok=True)
    GOLDEN.write_text("\n".join(found))
