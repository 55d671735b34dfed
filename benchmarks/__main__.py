"""The command: `python -m benchmarks`. A missed bar is a result; only a broken run is a failure."""

import argparse
import os
import platform
import signal
import sys
import time

import msgspec

from benchmarks import ROOT, BenchmarkBroken, figures, load, rounds


def main() -> int:
    """Measure, print the table, write build/bench.json; return the exit status."""
    plan = _plan()
    # Without this, whoever ends us by the usual signal would leave our servers behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    began = time.monotonic()

    def tell(text: str) -> None:
        print(f"{time.monotonic() - began:5.0f} s  {text}", flush=True)

    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python "
        f"{platform.python_version()}, {plan.workers} API process(es), {plan.clients} clients, "
        f"load by {plan.generator}"
    )
    try:
        results = figures.of(rounds.run(plan, tell), movements=plan.movements)
    except BenchmarkBroken as error:
        print(f"The run is broken: {error}", file=sys.stderr)
        return 1
    path = ROOT / "build" / "bench.json"
    figures.write(results, path)
    missed = sum(not figure.met for figure in results)
    print(f"\n{figures.table(results)}\n\n{missed or 'No'} bar(s) missed; written to {path}")
    return 0


def _plan() -> rounds.Plan:
    options = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    options.add_argument("--quick", action="store_true", help="short runs, to try something out")
    options.add_argument(
        "--no-growth", action="store_true", help="leave out the books that have grown for a year"
    )
    options.add_argument("--workers", type=int, default=1, help="API processes (default: 1)")
    options.add_argument(
        "--client",
        choices=("wrk", "asyncio"),
        default=load.best_generator(),
        help="the load generator (default: wrk where it is installed)",
    )
    chosen = options.parse_args()
    plan = rounds.QUICK if chosen.quick else rounds.FULL
    movements = 0 if chosen.no_growth else plan.movements
    return msgspec.structs.replace(
        plan, workers=chosen.workers, generator=chosen.client, movements=movements
    )


if __name__ == "__main__":
    sys.exit(main())
