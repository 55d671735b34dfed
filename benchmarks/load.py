"""Load over HTTP: what is asked, and by which generator. Every answer must be the expected one."""

import os
import re
import resource
import shutil
import subprocess
import sys
import time
from typing import Literal

import msgspec

from benchmarks import ROOT, BenchmarkBroken
from benchmarks.shop import (
    CURRENCY,
    LOCATIONS,
    PAID_MINOR,
    SKUS,
    TWO_DEALS_MINOR,
    UNIT_PRICE_MINOR,
)

Generator = Literal["wrk", "asyncio"]
Kind = Literal[
    "order",
    "deal",
    "named",
    "sourced",
    "member",
    "hold",
    "return",
    "availability",
    "about",
    "fixed",
    "asked",
]

# Filled in with the numbers of the location and of one SKU or two, by Lua and by Python alike.
HOLD_BODY = '{"lines":[{"location":"L%d","sku":"HELD-%04d","quantity":1}],"seconds":600}'
ORDER_BODY = (
    '{"fulfillments":[{"kind":"pickup","location":"L%d","lines":['
    '{"sku":"SKU-%04d","quantity":1},{"sku":"SKU-%04d","quantity":1}]}],'
    f'"tenders":[{{"type":"card","amount":{{"amount":{2 * UNIT_PRICE_MINOR},'
    f'"currency":"{CURRENCY}"}},"reference":"bench"}}]}}'
)
DEAL_BODY = ORDER_BODY.replace("SKU-", "DEAL-").replace(
    str(2 * UNIT_PRICE_MINOR), str(TWO_DEALS_MINOR)
)
# Of a customer who pays a part of it by points.
MEMBER_BODY = (
    ORDER_BODY.replace(
        f'[{{"type":"card","amount":{{"amount":{2 * UNIT_PRICE_MINOR}',
        f'[{{"type":"points","amount":{{"amount":{PAID_MINOR},"currency":"{CURRENCY}"}}}},'
        f'{{"type":"card","amount":{{"amount":{2 * UNIT_PRICE_MINOR - PAID_MINOR}',
    ).removesuffix("}")
    + ',"customer":"%s"}'
)
_PAID = ORDER_BODY.partition(',"tenders":')[2].removesuffix("}")
_SHIPPED = (
    '{"ship_to":{"name":"Ada","street":"Analytical Way 1","city":"London","postal_code":"N1",'
    '"country":"GB","latitude":%s,"longitude":5},"fulfillments":[{"kind":"ship",%s"lines":['
    '{"sku":"SKU-%%04d","quantity":1},{"sku":"SKU-%%04d","quantity":1}]}],'
    f'"tenders":{_PAID}}}'
)
NAMED_BODY = _SHIPPED % ("25", '"location":"P%02d",')
# Wherever the number of the location says that the customer is.
SOURCED_BODY = _SHIPPED % ("%d", "")
# Of the order that comes next in the file of a job.
RETURN_BODY = '{"order":"%s","lines":[{"line":1,"quantity":1,"reason":"too_small"}]}'
BODIES: dict[Kind, str] = {
    "order": ORDER_BODY,
    "deal": DEAL_BODY,
    "hold": HOLD_BODY,
    "return": RETURN_BODY,
    "named": NAMED_BODY,
    "sourced": SOURCED_BODY,
    "member": MEMBER_BODY,
}
_PATIENCE_SECONDS = 30.0


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One run of load: an order of two lines each, a hold of one, one SKU's availability, a path.

    `name` begins the idempotency keys, and must differ from every other run's. `names` is the path of a
    file of what a run is about, one name a line: returns go through it from the top, a `member` and what
    a path is `about` are drawn from it by lot. What is `asked` is any of the `bodies`, each of one line.
    """

    kind: Kind
    path: str
    status: int
    name: str
    port: int
    token: str
    clients: int
    seconds: float
    skus: int = SKUS
    locations: int = LOCATIONS
    names: str = ""
    bodies: tuple[str, ...] = ()


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What a run of load came to; `cpu_share` is the generator's own use of one core."""

    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    cpu_share: float = 0.0
    wrong: int = 0
    broken: int = 0

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return self.requests / self.seconds


def best_generator() -> Generator:
    """Return the generator that costs the least of those at hand."""
    return "wrk" if shutil.which("wrk") else "asyncio"


def run(job: Job, generator: Generator) -> Load:
    """Run a job. Raises: BenchmarkBroken for any answer but the expected one, or a lost one."""
    used, began = _children_seconds(), time.monotonic()
    load, text = _by_wrk(job) if generator == "wrk" else _by_asyncio(job)
    if load.wrong or load.broken or not load.requests:
        raise BenchmarkBroken(
            f"{job.path}: of {load.requests} answers {load.wrong} were not {job.status}, and "
            f"{load.broken} never came. {text}".strip()
        )
    if generator == "wrk":
        share = (_children_seconds() - used) / (time.monotonic() - began)
        load = msgspec.structs.replace(load, cpu_share=share)
    return load


def _by_wrk(job: Job) -> tuple[Load, str]:
    variables = {
        "KIND": job.kind,
        "PATH": job.path,
        "NAME": job.name,
        "STATUS": str(job.status),
        "SKUS": str(job.skus),
        "LOCATIONS": str(job.locations),
        "TOKEN": job.token,
        "NAMES": job.names,
        "BODY": BODIES.get(job.kind, "\n".join(job.bodies)),
    }
    command = ["wrk", "-t1", f"-c{job.clients}", f"-d{max(1, round(job.seconds))}s"]
    command += ["--timeout", "20s", "-s", str(ROOT / "benchmarks" / "requests.lua")]
    ran = subprocess.run(
        [*command, f"http://127.0.0.1:{job.port}"],
        env=os.environ | {f"BENCH_{name}": value for name, value in variables.items()},
        capture_output=True,
        text=True,
        timeout=job.seconds + _PATIENCE_SECONDS,
        check=False,
    )
    found = re.search(r"^RESULT (.*)\n(.*)", ran.stdout, flags=re.MULTILINE)
    if found is None:
        raise BenchmarkBroken(f"wrk ended with {ran.returncode}: {ran.stdout} {ran.stderr}")
    return msgspec.json.decode(found[1], type=Load), found[2]


def _by_asyncio(job: Job) -> tuple[Load, str]:
    ran = subprocess.run(
        [sys.executable, "-m", "benchmarks.client"],
        cwd=ROOT,
        input=msgspec.json.encode(job),
        capture_output=True,
        timeout=job.seconds + _PATIENCE_SECONDS,
        check=False,
    )
    text = ran.stderr.decode(errors="replace")
    if ran.returncode:
        raise BenchmarkBroken(f"the load client ended with {ran.returncode}: {text[-2000:]}")
    return msgspec.json.decode(ran.stdout, type=Load), text


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
