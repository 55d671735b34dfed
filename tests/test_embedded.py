"""The embedded server through its front door: real clusters, real signals, no mocks."""

import contextlib
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from omniretail.embedded import (
    AlreadyServed,
    EmbeddedError,
    Server,
    bin_directory,
    default_data_directory,
    running,
)

ROOT = os.geteuid() == 0

OWNER = """
import os, sys, time
from pathlib import Path
from omniretail.embedded import running

with running(Path(sys.argv[1]), exclusive=sys.argv[2] == "exclusive", durable=False) as server:
    if sys.argv[3] == "fork" and os.fork() == 0:
        time.sleep(60)
    print(server.owned, flush=True)
    if sys.argv[3] != "leave":
        time.sleep(60)
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A directory that the system user may traverse, which pytest's own may forbid."""
    with open_directory() as made:
        yield made


@pytest.fixture(scope="module")
def used() -> Iterator[Path]:
    """A data directory for many tests, one after the other: making one takes a second."""
    with open_directory() as made:
        with running(made / "shop", durable=False):
            pass
        yield made / "shop"


@pytest.fixture
def shop(used: Path) -> Iterator[Path]:
    """A data directory that has been used before, by now at rest."""
    yield used
    end_servers(used.parent)


@contextlib.contextmanager
def open_directory() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="omniretail-test-", dir="/tmp"))
    made.chmod(0o711)
    try:
        yield made
    finally:
        end_servers(made)
        shutil.rmtree(made)


def end_servers(place: Path) -> None:
    """End what a failed test left running."""
    for pid_file in place.rglob("data/postmaster.pid"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(server_pid(pid_file.parent.parent), signal.SIGQUIT)
        deadline = time.monotonic() + 5
        while pid_file.exists() and time.monotonic() < deadline:
            time.sleep(0.01)


@contextlib.contextmanager
def moved(directory: Path, there: Path) -> Iterator[Path]:
    directory.rename(there)
    try:
        yield there
    finally:
        end_servers(there)
        there.rename(directory)


def ask(server: Server, query: str) -> str:
    command = [str(bin_directory() / "psql"), "-XAtq", "-c", query, server.url()]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout.strip()


def server_pid(directory: Path) -> int:
    return int((directory / "data" / "postmaster.pid").read_text().split("\n")[0])


def is_running(directory: Path) -> bool:
    return (directory / "data" / "postmaster.pid").exists()


def is_at_work(pid: str) -> bool:
    command = ["ps", "-o", "stat=", "-p", pid]
    state = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return bool(state) and not state.startswith("Z")


def environment() -> Mapping[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


@contextlib.contextmanager
def owner(
    directory: Path, how: str = "shared", then: str = "sleep", *, wait: bool = True
) -> Iterator[subprocess.Popen[str]]:
    """Another process that uses the directory, in a process group of its own."""
    command = [sys.executable, "-c", textwrap.dedent(OWNER), str(directory), how, then]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env=environment(), start_new_session=True
    )
    assert process.stdout
    try:
        if wait:
            assert process.stdout.readline().strip() in {"True", "False"}
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()


@contextlib.contextmanager
def stranger(directory: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the server's user that has nothing to do with the server."""
    user = (directory / "data").owner() if ROOT else None
    with subprocess.Popen(["sleep", "60"], user=user) as process:
        try:
            yield process
        finally:
            process.kill()


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait()


def test_the_first_start_makes_a_database_that_answers(home: Path) -> None:
    with running(home / "not" / "yet" / "there") as server:
        assert server.owned
        assert server.user == "omniretail"
        assert ask(server, "select current_user, current_database()") == "omniretail|omniretail"
        shown = ["fsync", "synchronous_commit", "full_page_writes", "data_checksums", "jit"]
        values = ask(server, "select " + ", ".join(f"current_setting('{name}')" for name in shown))
        assert values == "on|on|on|on|off"
        assert ask(server, "show timezone") == "UTC"
        assert ask(server, "show listen_addresses") == ""
        locale = "select datlocprovider, datlocale, pg_encoding_to_char(encoding) from pg_database"
        assert ask(server, f"{locale} where datname = 'omniretail'") == "b|C.UTF-8|UTF8"
        assert not server.ensure_running()
    assert not is_running(home / "not" / "yet" / "there")


def test_data_is_kept_between_runs_and_settings_are_read_anew(shop: Path) -> None:
    with running(shop, settings={"work_mem": "5MB"}, durable=False) as server:
        assert ask(server, "show fsync") == "off"
        assert ask(server, "show work_mem") == "5MB"
        ask(server, "drop table if exists kept; create table kept as select 42 as answer")
    with running(shop) as server:
        assert ask(server, "select answer from kept") == "42"
        assert ask(server, "show work_mem") == "4MB"
        assert ask(server, "show fsync") == "on"


@pytest.mark.parametrize(
    "name", ['it\'s a "shop" $HOME `x` \\ 100% #1 ü', "with, comma", "long-" * 30]
)
def test_any_path_serves_as_data_directory(shop: Path, home: Path, name: str) -> None:
    with moved(shop, home / name) as directory:
        with running(directory, durable=False) as server:
            assert ask(server, "select 1") == "1"
            assert len(os.fsencode(server.socket_directory / ".s.PGSQL.5432")) <= 100
            assert stat.S_IMODE(server.socket_directory.stat().st_mode) == 0o700
        with running(directory, durable=False) as server:
            assert server.owned
        if directory not in server.socket_directory.parents:
            server.socket_directory.rmdir()


def test_a_server_whose_owner_was_killed_is_adopted_with_its_data(shop: Path) -> None:
    with owner(shop, "exclusive") as process:
        with running(shop) as server:
            ask(server, "drop table if exists kept; create table kept as select 42 as answer")
        pid = server_pid(shop)
        kill(process)
        settings = {"work_mem": "5MB"}
        with running(shop, settings=settings, exclusive=True, durable=False) as server:
            assert server.owned
            assert server_pid(shop) == pid
            assert ask(server, "select answer from kept") == "42"
            assert ask(server, "show work_mem") == "5MB"
        assert not is_running(shop)


def test_a_forked_worker_that_outlives_its_owner_keeps_no_lock(shop: Path) -> None:
    with owner(shop, "exclusive", "fork") as process:
        kill(process)
        with running(shop, exclusive=True, durable=False) as server:
            assert ask(server, "select 1") == "1"


def test_a_killed_postmaster_is_brought_back(shop: Path) -> None:
    with running(shop) as server:
        ask(server, "drop table if exists kept; create table kept as select 42 as answer")
        os.kill(server_pid(shop), signal.SIGKILL)
        # Its death is noticed by us only once the kernel has cleared it away.
        deadline = time.monotonic() + 5
        while not server.ensure_running():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert ask(server, "select answer from kept") == "42"
        assert not server.ensure_running()
    assert not server.ensure_running()
    assert not is_running(shop)


def test_a_stale_pid_file_that_names_a_living_stranger_does_not_block(shop: Path) -> None:
    with running(shop, durable=False):
        kept = (shop / "data" / "postmaster.pid").read_text().split("\n", 1)[1]
    with stranger(shop) as process:
        (shop / "data" / "postmaster.pid").write_text(f"{process.pid}\n{kept}")
        with running(shop, durable=False) as server:
            assert server_pid(shop) != process.pid
            assert ask(server, "select 1") == "1"
        assert process.poll() is None


def test_backends_that_outlive_their_postmaster_are_waited_for(shop: Path) -> None:
    with stranger(shop) as process, running(shop, durable=False) as server:
        busy = "do $$ declare n int; begin for i in 1..30000000 loop n := i % 7; end loop; end $$"
        psql = [str(bin_directory() / "psql"), "-Xqc", busy, server.url()]
        with subprocess.Popen(psql, stderr=subprocess.DEVNULL):
            backend = ""
            while not backend:
                backend = ask(server, "select pid from pg_stat_activity where query like 'do $%'")
            postmaster = server_pid(shop)
            os.kill(postmaster, signal.SIGKILL)
            pid_file = shop / "data" / "postmaster.pid"
            pid_file.write_text(pid_file.read_text().replace(str(postmaster), str(process.pid), 1))
            assert is_at_work(backend)
            assert server.ensure_running()
            assert not is_at_work(backend)
            assert ask(server, "select 1") == "1"


def test_a_second_server_is_refused_and_told_who_serves(shop: Path) -> None:
    with owner(shop, "exclusive") as process:
        with pytest.raises(AlreadyServed, match=str(process.pid)) as refusal:
            running(shop, exclusive=True).__enter__()
        assert refusal.value.pid == process.pid
        process.send_signal(signal.SIGINT)
        # A stop under way is waited for instead.
        deadline = time.monotonic() + 5
        while True:
            with contextlib.suppress(AlreadyServed):
                with running(shop, exclusive=True, durable=False) as server:
                    assert ask(server, "select 1") == "1"
                break
            assert time.monotonic() < deadline


def test_a_command_joins_the_server_that_runs_and_leaves_it_running(shop: Path) -> None:
    with owner(shop, "exclusive"):
        with running(shop) as server:
            assert not server.owned
            assert ask(server, "show fsync") == "off"
        assert is_running(shop)


def test_whoever_leaves_last_stops_the_server(shop: Path) -> None:
    with owner(shop) as process, running(shop) as server:
        process.send_signal(signal.SIGINT)
        process.wait()
        assert ask(server, "select 1") == "1"
        with running(shop, exclusive=True, durable=False) as serving:
            assert serving.owned
    assert not is_running(shop)


def test_many_may_come_and_go_at_once(home: Path) -> None:
    with contextlib.ExitStack() as stack:
        crowd = [
            stack.enter_context(owner(home / "shop", then="leave", wait=False)) for _ in range(6)
        ]
        assert [process.wait() for process in crowd] == [0] * 6
    assert not is_running(home / "shop")


def test_an_initialization_killed_half_way_is_done_again(home: Path) -> None:
    directory = home / "shop"
    with owner(directory, wait=False) as process:
        while not list(directory.glob("data.new-*/PG_VERSION")):
            assert process.poll() is None
        kill(process)
    assert not (directory / "data").exists()
    with running(directory, durable=False) as server:
        assert ask(server, "select 1") == "1"
    with running(directory, durable=False):
        pass
    assert (directory / "data" / "PG_VERSION").exists()


def test_a_failed_start_shows_the_servers_own_words(shop: Path) -> None:
    with pytest.raises(EmbeddedError, match=r'invalid value for parameter "work_mem": "much"'):
        running(shop, settings={"work_mem": "much"}, durable=False).__enter__()
    with running(shop, durable=False) as server:
        assert ask(server, "select 1") == "1"


def test_a_planted_socket_directory_is_refused(shop: Path, home: Path) -> None:
    with moved(shop, home / ("long-" * 30)) as directory:
        with running(directory, durable=False) as server:
            pass
        server.socket_directory.rmdir()
        (home / "elsewhere").mkdir(mode=0o700)
        server.socket_directory.symlink_to(home / "elsewhere")
        try:
            with pytest.raises(EmbeddedError, match="remove it"):
                running(directory, durable=False).__enter__()
        finally:
            server.socket_directory.unlink()


def test_the_modes_of_parents_stay_as_they_are(shop: Path, home: Path) -> None:
    (home / "parent").mkdir()
    (home / "parent").chmod(0o751)
    with moved(shop, home / "parent" / "shop") as directory, running(directory, durable=False):
        assert stat.S_IMODE((directory / "data").stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "parent").stat().st_mode) == 0o751
    assert stat.S_IMODE(home.stat().st_mode) == 0o711


def test_a_directory_made_beforehand_is_used(home: Path) -> None:
    with running(Path(tempfile.mkdtemp(dir=home)), durable=False) as server:
        assert ask(server, "select 1") == "1"


@pytest.mark.skipif(not ROOT, reason="only root hands the server to a system user")
def test_root_is_told_when_the_system_user_cannot_reach_the_directory(home: Path) -> None:
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    (closed / "something").touch()
    for directory in (closed, closed / "a" / "b"):
        with pytest.raises(EmbeddedError, match=rf"cannot enter {closed}: .*/var/lib/omniretail"):
            running(directory).__enter__()
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert [path.name for path in closed.iterdir()] == ["something"]


@pytest.mark.skipif(not ROOT, reason="only root hands the server to a system user")
def test_the_servers_user_owns_nothing_that_root_trusts(shop: Path) -> None:
    with running(shop, durable=False):
        owners = {path.name: path.owner() for path in shop.iterdir()}
    assert {name for name, user in owners.items() if user != "root"} == {"data", "socket"}
    places = [bin_directory(), *bin_directory().parents, bin_directory() / "psql"]
    assert {path.owner() for path in places} == {"root"}


@pytest.mark.skipif(not ROOT, reason="only root can make another user's directory")
def test_another_users_directory_is_left_alone(home: Path) -> None:
    (home / "shop").mkdir(mode=0o755)
    os.chown(home / "shop", pwd.getpwnam("nobody").pw_uid, -1)
    with pytest.raises(EmbeddedError, match="run as its owner"):
        running(home / "shop").__enter__()


@pytest.mark.skipif(ROOT, reason="nothing is closed to root")
def test_an_unwritable_directory_is_named(home: Path) -> None:
    home.chmod(0o500)
    with pytest.raises(EmbeddedError, match=f"{home}/shop: .*Permission denied"):
        running(home / "shop").__enter__()
    home.chmod(0o711)


def test_the_default_directory_suits_who_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", "/data/of/user")
    place = default_data_directory()
    assert place == Path("/var/lib/omniretail" if ROOT else "/data/of/user/omniretail")
