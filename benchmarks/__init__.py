"""Speed, measured as ratios inside one run: `python -m benchmarks`, or `make bench`.

    __main__    the command: options, and what its exit status means
    rounds      the run: what is measured, in which order, how often
    figures     the results: bars, the table, build/bench.json
    shop        the retailer that is sold from, filled through the product's own operations
    books       what was written: rows per order, the audit
    members     the retailer whose customers have points, filled in the same way
    loyalty     orders that earn and spend points, and what balances cost
    counting    ten thousand counts in one call, against a retailer of its own
    growth      books that have grown for a year, written straight into the tables (year/*.sql)
    pricing     what price() takes, in a process of its own
    server      the measured application: the product's, with two routes to compare it with
    processes   starting, watching and ending servers
    load        load generators: wrk where it is installed (requests.lua), else client
    client      the bundled load generator, a process of its own
    pgbench     the database's own limit, one commit for each order (order.sql)

Machines differ and are shared, so only ratios have bars that mean the same everywhere. Nothing in
here is part of the product, and the tests assert no times.
"""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


class BenchmarkBroken(Exception):
    """The run cannot be believed: something failed, or was not what it was meant to be."""
