"""Real servers of our own: PostgreSQL and MariaDB in a temporary folder."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

PASSWORD = "p@ss/w0rd:%"
_QUOTED = "p%40ss%2Fw0rd%3A%25"
_STARTS_S = 60


def postgresql_binaries() -> Path | None:
    """The newest installed PostgreSQL's folder of programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).parent if on_path else None


def mariadb_binary() -> str | None:
    """The MariaDB server's program."""
    found = shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    return found if found and shutil.which("mariadb-install-db") else None


@contextmanager
def postgresql() -> Iterator[str]:
    """The URL of a PostgreSQL server of our own; its superuser has a password."""
    binaries = postgresql_binaries()
    assert binaries
    with _folder("postgres") as (folder, prefix):
        secret = folder / "secret"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        data, port = folder / "data", _free_port()
        _run(
            [*prefix, str(binaries / "initdb"), "-D", str(data), "-U", "owner", "-E", "UTF8"],
            ["--auth=scram-sha-256", f"--pwfile={secret}", "--locale=C.UTF-8", "--no-sync"],
        )
        command = [*prefix, str(binaries / "postgres"), "-D", str(data), "-p", str(port)]
        options = {"listen_addresses": "127.0.0.1", "unix_socket_directories": str(folder)}
        options |= {"fsync": "off", "max_connections": "30"}
        command += [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        url = f"postgresql+psycopg://owner:{_QUOTED}@127.0.0.1:{port}/postgres"
        with _server(command, url, folder):
            yield url


@contextmanager
def mariadb() -> Iterator[str]:
    """The URL of a MariaDB server of our own, of a user with a password."""
    server = mariadb_binary()
    assert server
    with _folder("mysql") as (folder, prefix):
        data, port = folder / "data", _free_port()
        _run(
            [*prefix, "mariadb-install-db", "--no-defaults", f"--datadir={data}"],
            ["--skip-test-db", "--auth-root-authentication-method=normal"],
        )
        setup = folder / "setup.sql"
        setup.write_text(
            "CREATE DATABASE shop CHARACTER SET utf8mb4;\n"
            f"CREATE USER owner@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\n"
            "GRANT ALL ON *.* TO owner@'127.0.0.1';\n"
        )
        setup.chmod(0o644)
        command = [*prefix, server, "--no-defaults", f"--datadir={data}", f"--port={port}"]
        command += [f"--socket={folder}/s", "--bind-address=127.0.0.1", f"--init-file={setup}"]
        command += ["--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0"]
        url = f"mysql+pymysql://owner:{_QUOTED}@127.0.0.1:{port}/shop"
        with _server(command, url, folder):
            yield url


@contextmanager
def _folder(user: str) -> Iterator[tuple[Path, list[str]]]:
    """A folder that `user` owns, and the prefix of commands that run as it if we are root."""
    with tempfile.TemporaryDirectory(prefix=user, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if os.geteuid() != 0:
            yield folder, []
            return
        account = pwd.getpwnam(user)
        os.chown(folder, account.pw_uid, account.pw_gid)
        ids = [f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]
        yield folder, ["setpriv", *ids]


@contextmanager
def _server(command: Sequence[str], url: str, folder: Path) -> Iterator[None]:
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        try:
            _wait(url, process, folder / "server.log")
            yield
        finally:
            process.kill()
            process.wait()


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    until = time.monotonic() + _STARTS_S
    while True:
        try:
            with engine.connect():
                return
        except sa.exc.OperationalError:
            if process.poll() is not None or time.monotonic() > until:
                raise AssertionError(log.read_text()[:4000]) from None
            time.sleep(0.05)


def _run(command: Sequence[str], options: Sequence[str]) -> None:
    done = subprocess.run([*command, *options], capture_output=True, text=True, cwd="/")
    assert done.returncode == 0, done.stdout + done.stderr


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
