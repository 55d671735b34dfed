"""Servers in processes of their own: started, asked until they answer, weighed, ended by their id."""

import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks import ROOT, BenchmarkBroken

_START_SECONDS = 60.0
_STOP_SECONDS = 30.0
_POLL_SECONDS = 0.01


@contextlib.contextmanager
def running(
    module: Sequence[str], environment: Mapping[str, str], log: Path
) -> Iterator[tuple[subprocess.Popen[bytes], int, float]]:
    """Run a Python module that serves, until the block ends.

    Yields the process, its port, and the seconds from its start to its first good answer, one that
    the database had a part in.
    """
    port = _free_port()
    chosen = {"OMNIRETAIL_HOST": "127.0.0.1", "OMNIRETAIL_PORT": str(port)}
    began = time.monotonic()
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *module],
            cwd=ROOT,
            env=_bare_environment()
            | chosen
            | {"OMNIRETAIL_LOG_LEVEL": "error"}
            | dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,  # Ctrl-C is for us alone, who then end it
        )
    try:
        _await_answer(process, port, log)
        yield process, port, time.monotonic() - began
    finally:
        _end(process)


def settings(url: str, *, workers: int) -> dict[str, str]:
    """Return the settings of a server over a database."""
    return {"DATABASE_URL": url, "OMNIRETAIL_WORKERS": str(workers)}


def ask(
    port: int, method: str, path: str, *, token: str, body: str = "", key: str = ""
) -> tuple[int, bytes]:
    """Send one request; return the status and the body of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    headers |= {"Idempotency-Key": key} if key else {}
    try:
        connection.request(method, path, body or None, headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def resident_mib(process: subprocess.Popen[bytes]) -> float:
    """Return the resident memory of the largest worker process below a server's first process."""
    listed = _by_proc() if Path("/proc/self/stat").exists() else _by_ps()
    sizes = [kib for parent, kib in listed if parent == process.pid]
    if not sizes:
        raise BenchmarkBroken("the server has no worker process")
    return max(sizes) / 1024


def _by_proc() -> Iterator[tuple[int, float]]:
    page_kib = os.sysconf("SC_PAGE_SIZE") / 1024
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            # The name, in parentheses, may hold anything; the parent is the second field behind.
            parent = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[1]
            pages = (entry / "statm").read_text().split()[1]
            yield int(parent), int(pages) * page_kib


def _by_ps() -> Iterator[tuple[int, float]]:
    listed = subprocess.run(
        ["ps", "-A", "-o", "ppid=,rss="], capture_output=True, text=True, check=True
    )
    for line in listed.stdout.splitlines():
        parent, kib = line.split()
        yield int(parent), float(kib)


def _bare_environment() -> dict[str, str]:
    """Return the environment without what would lead a server to the user's own data."""
    ours = ("OMNIRETAIL_", "DATABASE_URL", "PG")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def _await_answer(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if ask(port, "GET", "/readyz", token="")[0] == 200:
                return
        time.sleep(_POLL_SECONDS)
    text = log.read_text(errors="replace")[-2000:]
    raise BenchmarkBroken(f"{process.args!r} does not answer: {text}")


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise BenchmarkBroken(f"{process.args!r} did not end when it was told to") from None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
