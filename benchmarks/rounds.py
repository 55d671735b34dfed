"""The run: each measurement several times, taking turns, on one server and one database server."""

import asyncio
import contextlib
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path

import msgspec

from benchmarks import (
    BenchmarkBroken,
    books,
    counting,
    finding,
    growth,
    load,
    loyalty,
    members,
    pgbench,
    pricing,
    processes,
    promoting,
    returning,
    shop,
    sourcing,
)
from omniretail import embedded

_FILLED = "omniretail"  # the embedded server's own first database
_EMPTY, _GROWN = "empty", "grown"

Series = dict[str, list[float]]
Tell = Callable[[str], None]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How much is measured. A shorter round before them warms up, and does not count.

    `short_seconds` are for what writes nothing, which settles at once. `movements` are how many the
    grown books have; 0 leaves them out.
    """

    rounds: int = 5
    seconds: float = 5.0
    short_seconds: float = 3.0
    starts: int = 3
    counts: int = 9
    growth_rounds: int = 4
    movements: int = 100 * growth.MOVEMENTS_OF_A_ROUND
    clients: int = 32
    workers: int = 1
    generator: load.Generator = "wrk"


FULL = Plan()
QUICK = Plan(
    rounds=2,
    seconds=2.0,
    short_seconds=1.0,
    starts=1,
    counts=3,
    growth_rounds=2,
    movements=2 * growth.MOVEMENTS_OF_A_ROUND,
)


class Stage(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that stands while it is measured, and what the load has placed and written."""

    plan: Plan
    server: embedded.Server
    shop: shop.Shop
    copy_url: str
    process: subprocess.Popen[bytes]
    port: int
    like: pgbench.Sample
    placed: list[int]
    committed: list[int]
    shares: list[float]


def run(plan: Plan, tell: Tell) -> Series:
    """Measure everything, and prove what was written. Raises: BenchmarkBroken."""
    with _home() as home:
        tell("a fresh PostgreSQL, durable, and a filled shop")
        with _stage(plan, home) as stage:
            brief = msgspec.structs.replace(plan, seconds=plan.short_seconds)
            _measure(msgspec.structs.replace(stage, plan=brief), {}, "warm-up", tell)
            series: Series = {}
            for number in range(1, plan.rounds + 1):
                _measure(stage, series, f"round {number} of {plan.rounds}", tell)
            series["memory_mib"] = [processes.resident_mib(stage.process)]
            share = max(stage.shares)
            tell(f"{plan.generator} used at most {share:.0%} of a core")
            _check(stage, tell)
            tell(f"orders with some of {shop.PROMOTIONS} promotions, and without")
            series |= promoting.measure(
                stage.server,
                home,
                workers=plan.workers,
                rounds=plan.rounds,
                seconds=plan.seconds,
                clients=plan.clients,
                generator=plan.generator,
            )
            tell(f"returns of {shop.RETURNED_ORDERS:,} orders at another store")
            series |= returning.measure(
                stage.server,
                home,
                workers=plan.workers,
                rounds=plan.rounds,
                seconds=plan.seconds,
                clients=plan.clients,
                generator=plan.generator,
            )
            tell(f"orders of {members.MEMBERS:,} members, who earn and spend points")
            series |= loyalty.measure(
                stage.server,
                home,
                workers=plan.workers,
                rounds=plan.rounds,
                seconds=plan.seconds,
                short_seconds=plan.short_seconds,
                clients=plan.clients,
                generator=plan.generator,
            )
            tell(
                f"orders sourced over {shop.SOURCES} locations; {shop.PICKUPS:,} pickups that wait"
            )
            series |= sourcing.measure(
                stage.server,
                home,
                workers=plan.workers,
                rounds=plan.rounds,
                seconds=plan.seconds,
                clients=plan.clients,
                generator=plan.generator,
            )
            tell(f"counts, {counting.ROWS:,} in one call, against {counting.LEVELS:,} levels")
            series |= counting.measure(stage.server, home, workers=plan.workers, rounds=plan.counts)
            if plan.movements:
                series |= _growth(stage, home, tell)
        tell(f"prices, {pricing.PRICES:,} of them, by {pricing.PROMOTIONS} promotions")
        series |= pricing.measure(plan.rounds)
        series["start"] = _starts(plan, home, tell)
    return series


@contextlib.contextmanager
def _home() -> Iterator[Path]:
    """Yield a directory that goes away, which the database's system user may pass through."""
    home = Path(tempfile.mkdtemp(prefix="omniretail-bench-"))
    home.chmod(0o755)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


@contextlib.contextmanager
def _stage(plan: Plan, home: Path) -> Iterator[Stage]:
    with embedded.running(home / "data", durable=True) as server:
        filled = asyncio.run(shop.fill(server.url()))
        copies = (pgbench.DATABASE, *((_EMPTY, _GROWN) if plan.movements else ()))
        for name in copies:
            asyncio.run(shop.database(server, name, template=_FILLED))
        settings = processes.settings(filled.url, workers=plan.workers)
        serving = processes.running(["benchmarks.server"], settings, home / "server.log")
        with serving as (process, port, _):
            _try_out(filled, port)
            yield Stage(
                plan=plan,
                server=server,
                shop=filled,
                copy_url=server.url(pgbench.DATABASE),
                process=process,
                port=port,
                like=asyncio.run(pgbench.sample(filled)),
                placed=[1],
                committed=[],
                shares=[],
            )


def _measure(stage: Stage, series: Series, title: str, tell: Tell) -> None:
    """Measure everything once; each round in the reverse order of the one before."""
    plan = stage.plan
    found: dict[str, float] = {}
    steps: list[Callable[[], Mapping[str, float]]] = [
        partial(_load, stage, "echo", "/v1/bench/echo", plan.short_seconds),
        partial(_load, stage, "orders", "/v1/orders", plan.seconds),
        partial(_pgbench, stage, "pgbench", plan.seconds),
        partial(_load, stage, "hot", "/v1/orders", plan.seconds, one_sku=True),
        partial(_pgbench, stage, "hot_pgbench", plan.seconds, one_sku=True),
        partial(_hold, stage, "holds"),
        partial(_read, stage, "availability", "/v1/availability"),
        partial(_read, stage, "memory", "/v1/bench/memory"),
        partial(_wide, stage),
    ]
    backwards = len(series.get("orders", ())) % 2 == 1
    for step in reversed(steps) if backwards else steps:
        found |= step()
    _keep(found, series, title, tell)


def _keep(found: Mapping[str, float], series: Series, title: str, tell: Tell) -> None:
    for name, value in found.items():
        series.setdefault(name, []).append(value)
    tell(f"{title}: {', '.join(f'{name} {value:,.0f}' for name, value in sorted(found.items()))}")


def _load(
    stage: Stage, name: str, path: str, seconds: float, *, one_sku: bool = False
) -> dict[str, float]:
    """Send orders, to be placed or echoed."""
    job = _job(stage, "order", path, 201, seconds)
    if one_sku:
        job = msgspec.structs.replace(job, skus=1, locations=1)
    done = _run(stage, job)
    if path == "/v1/orders":
        stage.placed.append(done.requests)
    return {name: done.per_second, f"{name}_p99": done.p99_ms}


def _hold(stage: Stage, name: str) -> dict[str, float]:
    """Send holds; with a key of their own, as the rows of orders are counted by theirs."""
    job = _job(stage, "hold", "/v1/holds", 201, stage.plan.seconds)
    done = _run(stage, msgspec.structs.replace(job, token=stage.shop.holder_token))
    return {name: done.per_second, f"{name}_p99": done.p99_ms}


def _read(stage: Stage, name: str, path: str) -> dict[str, float]:
    """Ask for the availability of any SKU, of the product or of the memory."""
    done = _run(stage, _job(stage, "availability", path, 200, stage.plan.short_seconds))
    return {name: done.per_second}


def _wide(stage: Stage) -> dict[str, float]:
    """Ask for many SKUs at many locations; one caller, as its time is what matters."""
    skus = ",".join(shop.wide_sku(number) for number in range(shop.WIDE_SKUS))
    job = _job(stage, "fixed", f"/v1/availability?sku={skus}", 200, stage.plan.seconds)
    done = _run(stage, msgspec.structs.replace(job, clients=1))
    return {"wide_p99": done.p99_ms}


def _pgbench(stage: Stage, name: str, seconds: float, *, one_sku: bool = False) -> dict[str, float]:
    done = pgbench.run(
        stage.server, stage.like, clients=stage.plan.clients, seconds=seconds, one_sku=one_sku
    )
    stage.committed.append(done.transactions)
    return {name: done.per_second}


def _job(stage: Stage, kind: load.Kind, path: str, status: int, seconds: float) -> load.Job:
    return load.Job(
        kind=kind,
        path=path,
        status=status,
        name=_name(),
        port=stage.port,
        token=stage.shop.token,
        clients=stage.plan.clients,
        seconds=seconds,
    )


def _run(stage: Stage, job: load.Job) -> load.Load:
    done = load.run(job, stage.plan.generator)
    stage.shares.append(done.cpu_share)
    return done


def _name() -> str:
    """Return the beginning of a run's keys; the whole key is as long as those in order.sql."""
    return f"bench-{secrets.token_hex(3)[:5]}"


def _try_out(filled: shop.Shop, port: int) -> None:
    """Check that what is compared is comparable: the same answers, but for identities and times."""
    body = load.ORDER_BODY % (0, 0, 1)
    answers = []
    for path in ("/v1/orders", "/v1/bench/echo"):
        key = f"{_name()}-0-{0:09}"
        status, answer = processes.ask(port, "POST", path, token=filled.token, body=body, key=key)
        if status != 201:
            raise BenchmarkBroken(f"{path} answers {status} {answer!r}")
        answers.append(_without_identities(msgspec.json.decode(answer)))
    if answers[0] != answers[1]:
        raise BenchmarkBroken(f"the echo is not an order's answer: {answers}")
    reads = [
        processes.ask(port, "GET", f"{path}?sku={shop.sku(0)}", token=filled.token)
        for path in ("/v1/availability", "/v1/bench/memory")
    ]
    if reads[0] != reads[1] or reads[0][0] != 200:
        raise BenchmarkBroken(f"the memory is not an availability's answer: {reads}")


def _without_identities(answer: object) -> object:
    if isinstance(answer, dict):
        own = {"id", "placed_at"} | ({"number"} if "channel" in answer else set())
        return {
            name: _without_identities(value) for name, value in answer.items() if name not in own
        }
    return [_without_identities(part) for part in answer] if isinstance(answer, list) else answer


def _check(stage: Stage, tell: Tell) -> None:
    """Check that every answer stands in the books, and every order left the same rows."""
    ours = asyncio.run(books.written(stage.shop.url, stage.shop))
    theirs = asyncio.run(books.written(stage.copy_url, stage.shop))
    answered = sum(stage.placed)
    # What was on its way when a run of load ended may stand there without having been answered.
    most = answered + len(stage.placed) * stage.plan.clients
    if not answered <= ours.orders <= most:
        raise BenchmarkBroken(f"{answered} orders were answered, {ours.orders} are in the books")
    if sum(stage.committed) != theirs.orders:
        raise BenchmarkBroken(f"pgbench committed {sum(stage.committed)}, wrote {theirs.orders}")
    books.compare(ours, theirs)
    sizes = ", ".join(
        f"{table} {rows.count / ours.orders:g} × {rows.mean_bytes:.0f}/"
        f"{theirs.tables[table].mean_bytes:.0f} bytes"
        for table, rows in ours.tables.items()
        if rows.count
    )
    tell(f"an order left the same rows, by the product/by pgbench: {sizes}")
    tell(f"all {asyncio.run(books.prove(stage.shop.url))} checks of {ours.orders} orders hold")


def _growth(stage: Stage, home: Path, tell: Tell) -> Series:
    """Measure on books that have grown for a year and on empty ones, taking turns."""
    tell(f"a year of books: {stage.plan.movements:,} movements")
    grown_url, empty_url = stage.server.url(_GROWN), stage.server.url(_EMPTY)
    asyncio.run(growth.grow(grown_url, stage.like, movements=stage.plan.movements))
    for url in (grown_url, empty_url):
        asyncio.run(growth.settle(url))
    series = Series()
    with _beside(stage, _EMPTY, home) as empty, _beside(stage, _GROWN, home) as grown:
        _measure_growth((empty, grown), {}, "growth, warm-up", tell)
        for number in range(1, stage.plan.growth_rounds + 1):
            title = f"growth, round {number} of {stage.plan.growth_rounds}"
            _measure_growth((empty, grown), series, title, tell)
        tell(f"sales found in {stage.plan.movements // growth.MOVEMENTS_OF_AN_ORDER:,} orders")
        series |= finding.measure(
            grown.shop,
            grown.port,
            rounds=stage.plan.growth_rounds,
            seconds=stage.plan.short_seconds,
            generator=stage.plan.generator,
        )
    began = time.monotonic()
    checks = asyncio.run(books.prove(grown_url))
    series["verify_grown"] = [time.monotonic() - began]
    asyncio.run(books.prove(empty_url))
    tell(f"all {checks} checks of the grown books hold, and of the empty ones")
    return series


@contextlib.contextmanager
def _beside(stage: Stage, name: str, home: Path) -> Iterator[Stage]:
    """Serve another database beside the first; yields the stage on which that is measured."""
    there = msgspec.structs.replace(stage.shop, url=stage.server.url(name))
    settings = processes.settings(there.url, workers=stage.plan.workers)
    with processes.running(["benchmarks.server"], settings, home / f"{name}.log") as served:
        process, port, _ = served
        yield msgspec.structs.replace(stage, shop=there, process=process, port=port, placed=[])


def _measure_growth(sides: tuple[Stage, Stage], series: Series, title: str, tell: Tell) -> None:
    """Measure everything once on both sides, each time in the reverse order of the one before."""
    named = list(zip(("empty", "grown"), sides, strict=True))
    if len(series.get("orders_empty", ())) % 2 == 1:
        named.reverse()
    found: dict[str, float] = {}
    for what, step in _GROWTH_STEPS.items():
        for name, side in named:
            found |= step(side, f"{what}_{name}")
    _keep(found, series, title, tell)


def _orders(stage: Stage, name: str) -> dict[str, float]:
    return _load(stage, name, "/v1/orders", stage.plan.seconds)


def _availability(stage: Stage, name: str) -> dict[str, float]:
    return _read(stage, name, "/v1/availability")


_GROWTH_STEPS: Mapping[str, Callable[[Stage, str], dict[str, float]]] = {
    "orders": _orders,
    "holds": _hold,
    "availability": _availability,
}


def _starts(plan: Plan, home: Path, tell: Tell) -> list[float]:
    """Return the seconds that each start of the product took, but for the first one."""
    tell("the product's own starts")
    settings = {"OMNIRETAIL_DATA_DIRECTORY": str(home / "served")}
    taken = []
    for _ in range(1 + plan.starts):
        command = ["omniretail", "serve", "--demo"]
        with processes.running(command, settings, home / "serve.log") as (_, _, seconds):
            taken.append(seconds)
    return taken[1:]
