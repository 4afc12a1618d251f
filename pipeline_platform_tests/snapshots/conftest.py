"""The databases on which every test of the source runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline_platform_tests.snapshots import servers
from pipeline_platform_tests.snapshots.stage import Source, Stage


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """A PostgreSQL server of the session's own."""
    if servers.postgresql_binaries() is None:
        pytest.skip("PostgreSQL is not installed")
    with servers.postgresql() as url:
        yield url


@pytest.fixture(scope="session")
def mariadb_url() -> Iterator[str]:
    """A MariaDB server of the session's own."""
    if servers.mariadb_binary() is None:
        pytest.skip("MariaDB is not installed")
    with servers.mariadb() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Source]:
    """One database of each kind, without our tables."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/source.db"
    else:
        url = request.getfixturevalue(f"{request.param}_url")
    source = Source(url)
    yield source
    source.close()


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A SQLite source, a landing store and a lake of this test."""
    return Stage(tmp_path)
