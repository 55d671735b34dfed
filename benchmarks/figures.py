"""The figures: how each follows from the measurements, its bar, the table, build/bench.json."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Literal

import msgspec

from benchmarks import BenchmarkBroken
from benchmarks.growth import MOVEMENTS_OF_AN_ORDER

Series = Mapping[str, Sequence[float]]
"""What was measured, by name, one value per round."""


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One result: `value` is the median of the rounds; a figure without a bar is only told."""

    figure: str
    value: float
    bar: float | None
    min: float
    max: float
    unit: str
    better: Literal["higher", "lower"]

    @property
    def met(self) -> bool:
        """Tell whether the value reaches its bar, if it has one."""
        if self.bar is None:
            return True
        return self.value >= self.bar if self.better == "higher" else self.value < self.bar


def _ratio(figure: str, above: str, below: str, bar: float) -> Callable[[Series], Figure]:
    """Compare two measurements of the same round, so that a slow minute slows both."""
    return lambda series: _figure(
        figure,
        [one / other for one, other in zip(series[above], series[below], strict=True)],
        bar=bar,
        unit="ratio",
    )


def _absolute(
    figure: str,
    name: str,
    unit: str,
    *,
    bar: float | None = None,
    better: Literal["higher", "lower"] = "higher",
) -> Callable[[Series], Figure]:
    return lambda series: _figure(figure, series[name], bar=bar, unit=unit, better=better)


def _price(figure: str, name: str, *, bar: float | None = None) -> Callable[[Series], Figure]:
    return _absolute(figure, name, "ms", bar=bar, better="lower")


def _figure(
    figure: str,
    values: Sequence[float],
    *,
    bar: float | None,
    unit: str,
    better: Literal["higher", "lower"] = "higher",
) -> Figure:
    if not values:
        raise BenchmarkBroken(f"nothing was measured for {figure}")
    return Figure(
        figure=figure,
        value=round(median(values), 4),
        bar=bar,
        min=round(min(values), 4),
        max=round(max(values), 4),
        unit=unit,
        better=better,
    )


_FIGURES = (
    _ratio("place-order ÷ echo", "orders", "echo", 0.30),
    _ratio("place-order ÷ pgbench, same rows", "orders", "pgbench", 1.0),
    _ratio("hot SKU ÷ pgbench on one SKU", "hot", "hot_pgbench", 4.0),
    _ratio("hot SKU ÷ uniform SKUs", "hot", "orders", 0.9),
    _ratio("availability of a SKU ÷ memory", "availability", "memory", 0.5),
    _ratio("holds ÷ echo", "holds", "echo", 0.30),
    _ratio("place-order, with promotions ÷ without", "orders_promoted", "orders_plain", 0.8),
    _ratio("place-order, sourced over 50 ÷ named", "orders_sourced", "orders_named", 0.7),
    _ratio("a one-line return ÷ echo", "returns", "returns_echo", 0.25),
    _ratio("place-order, earning and spending points ÷ neither", "members", "strangers", 0.8),
    _ratio("balance of points ÷ memory", "balance", "balance_memory", 0.5),
    *(
        _ratio(f"{what}, p50 of 10 entries ÷ of {many}", f"{name}_few", f"{name}_{among}", 0.9)
        for name, what in (("balance", "balance"), ("entries", "entries"), ("lots", "lots"))
        for among, many in (("entries", "100,000"), ("lots", "20,000 live lots"))
    ),
    _absolute("queue of 10,000 pickups, p99", "queue_p99", "ms", bar=50, better="lower"),
    _price("price() of 10 lines, 100,000 prices, 200 promotions", "price_retailer_10", bar=1),
    _price("price() of 500 lines", "price_retailer_500", bar=50),
    _absolute("a changed price, live in all", "book_live", "s", bar=1, better="lower"),
    _absolute("10,000 counts in one call, against 100,000 levels", "counts", "rows/s", bar=20_000),
    _absolute(
        "availability of 100 SKUs × 100 locations, p99", "wide_p99", "ms", bar=150, better="lower"
    ),
    _absolute("memory of one API process", "memory_mib", "MiB", bar=200, better="lower"),
    _absolute("serve, second start to first answer", "start", "s", bar=5, better="lower"),
    _price("price() of 10 lines, harsh promotions", "price_harsh_10"),
    _price("price() of 500 lines, harsh promotions", "price_harsh_500"),
    _absolute("place-order, p99", "orders_p99", "ms", better="lower"),
    _absolute("place-order", "orders", "orders/s"),
    _absolute("place-order, hot SKU", "hot", "orders/s"),
    _absolute("place-order, with promotions", "orders_promoted", "orders/s"),
    _absolute("place-order, sourced", "orders_sourced", "orders/s"),
    _absolute("one-line returns", "returns", "returns/s"),
    _absolute("place-order, earning and spending points", "members", "orders/s"),
    _absolute("place-order, earning and spending points, p99", "members_p99", "ms", better="lower"),
    _absolute("balance of points", "balance", "answers/s"),
    _absolute("balance of points, p50 of one caller", "balance_few", "ms", better="lower"),
    _absolute("one-line returns, p99", "returns_p99", "ms", better="lower"),
    _absolute("holds, p99", "holds_p99", "ms", better="lower"),
    _absolute("holds", "holds", "holds/s"),
    _absolute("10,000 counts, of which one in ten differs", "counts_one_in_ten", "rows/s"),
    _absolute("memory after great counts", "counts_memory_mib", "MiB", better="lower"),
    _absolute("echo", "echo", "answers/s"),
    _absolute("pgbench, same rows", "pgbench", "commits/s"),
    _absolute("pgbench on one SKU", "hot_pgbench", "commits/s"),
    _absolute("availability of a SKU", "availability", "answers/s"),
    _absolute("memory", "memory", "answers/s"),
)


def of(series: Series, *, movements: int) -> list[Figure]:
    """Return every figure that the measurements lead to, those with a bar first.

    `movements` is how many the grown books had; 0 where none were grown.
    """
    figures = [*_FIGURES, *(_of_growth(movements) if movements else ())]
    return sorted((figure(series) for figure in figures), key=lambda figure: figure.bar is None)


def _of_growth(movements: int) -> list[Callable[[Series], Figure]]:
    grown = f"{movements:,} movements, {movements // MOVEMENTS_OF_AN_ORDER:,} orders"
    return [
        *(
            _ratio(f"{name}, {grown} ÷ none", f"{what}_grown", f"{what}_empty", 0.9)
            for name, what in (
                ("place-order", "orders"),
                ("holds", "holds"),
                ("availability", "availability"),
            )
        ),
        _absolute(
            f"find a sale, {movements // MOVEMENTS_OF_AN_ORDER:,} orders, p99",
            "find_p99",
            "ms",
            bar=50,
            better="lower",
        ),
        _absolute(f"verify, {grown}", "verify_grown", "s", better="lower"),
    ]


def table(figures: Sequence[Figure]) -> str:
    """Return the figures beside their bars, as text."""
    rows = [("figure", "min", "median", "max", "unit", "bar", "")]
    for one in figures:
        sign = "≥" if one.better == "higher" else "<"
        bar = "" if one.bar is None else f"{sign} {one.bar:g}"
        verdict = "" if one.bar is None else ("met" if one.met else "MISSED")
        low, middle, high = (_shown(value) for value in (one.min, one.value, one.max))
        rows.append((one.figure, low, middle, high, one.unit, bar, verdict))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.rjust(width) if column in {1, 2, 3} else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


def write(figures: Sequence[Figure], path: Path) -> None:
    """Write the figures as a JSON list."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(figures), indent=2) + b"\n")


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
