"""Files on the command line: taken in with a report of what was refused, and written out whole."""

import asyncio
import csv
import io
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from omniretail import files
from omniretail.cli import main
from omniretail.db import Database
from tests.callers import Retailer


async def run(database_url: str, *arguments: str) -> Result:
    """Run a command over the database of a test."""
    runner = CliRunner()
    environment = {"DATABASE_URL": database_url, "COLUMNS": "200"}
    return await asyncio.to_thread(runner.invoke, main, arguments, env=environment)


async def test_refused_rows_are_reported_and_come_in_once_mended(
    retailer: Retailer, database_url: str, tmp_path: Path
) -> None:
    """Given two bad rows of four, when the report is mended and imported, then all are in."""
    file = tmp_path / "goods.csv"
    file.write_text(
        "sku,location,quantity,reason\nA,S1,5,\nAA,S1,2,\nB,S1,x,found\nC,S1\nB,S1,1,\n"
    )

    first = await run(database_url, "import", "receipts", str(file))

    assert first.exit_code == 1, first.output
    assert "2 rows taken, 3 refused" in first.output
    report = tmp_path / "goods.refused.csv"
    with report.open(newline="") as source:
        rows = list(csv.reader(source))
    assert rows[0] == [
        *("refused_line", "refused_code", "refused_field", "refused_detail"),
        *("sku", "location", "quantity", "reason"),
    ]
    assert [row[:3] + row[4:] for row in rows[1:]] == [
        ["3", "unknown_sku", "sku", "AA", "S1", "2", ""],
        ["4", "invalid", "quantity", "B", "S1", "x", "found"],
        ["5", "invalid", "", "C", "S1", "", ""],
    ]

    mended = (
        report.read_text().replace("AA,", "A,").replace(",x,", ",3,").replace("C,S1,,", "C,S1,1,")
    )
    (tmp_path / "again.csv").write_text(mended)
    second = await run(database_url, "import", "receipts", str(tmp_path / "again.csv"))
    repeated = await run(database_url, "import", "receipts", str(file))

    assert second.exit_code == 0, second.output
    assert repeated.exit_code == 1
    assert [(await retailer.level(sku, "S1"))[0] for sku in "ABC"] == [7, 4, 1]


async def test_a_file_of_several_slices_is_taken_once(
    retailer: Retailer, database_url: str, tmp_path: Path
) -> None:
    """Given 2,500 rows, then they are 2,500 rows however often they come."""
    file = tmp_path / "skus.csv"
    file.write_text("code,name\n" + "".join(f"N{number},Nest {number}\n" for number in range(2500)))

    results = [await run(database_url, "import", "skus", str(file)) for _ in range(2)]

    assert [result.exit_code for result in results] == [0, 0], results[0].output
    assert all("2500 rows taken, 0 refused" in result.output for result in results)
    assert (await retailer.office.get("/v1/skus/N2499")).json()["version"] == 1


async def test_an_export_is_a_file_or_goes_on(
    retailer: Retailer, database_url: str, tmp_path: Path
) -> None:
    await retailer.receive("A", S1=5, WH=7)
    target = tmp_path / "levels.csv"

    written = await run(database_url, "export", "levels", "--output", str(target))
    piped = await run(database_url, "export", "levels", "--output", "-")

    assert (written.exit_code, piped.exit_code) == (0, 0), written.output
    assert "2 rows exported." in written.stderr
    assert target.read_text().startswith("sku,location,quantity,lot,")
    assert piped.stdout == target.read_text()
    assert os.listdir(tmp_path) == ["levels.csv"]
    counted = await run(database_url, "import", "counts", str(target))
    assert "2 rows taken, 0 refused" in counted.output
    assert await retailer.level("A", "WH") == (7, 0, 7)


@pytest.mark.parametrize(
    "kind", ["counts", "locations", "loyalty_entries", "movements", "skus", "valuation"]
)
async def test_every_kind_is_exported(retailer: Retailer, database_url: str, kind: str) -> None:
    result = await run(database_url, "export", kind, "--output", "-")

    assert result.exit_code == 0, result.output
    assert "," in result.stdout.splitlines()[0]


async def test_an_export_may_be_of_a_moment(retailer: Retailer, database_url: str) -> None:
    await retailer.receive("A", S1=5)

    async def rows(*options: str) -> int:
        result = await run(database_url, "export", "valuation", "--output", "-", *options)
        assert result.exit_code == 0, result.output
        return len(result.stdout.splitlines()) - 1

    assert await rows() == 1
    assert await rows("--as-of", "2026-01-01T00:00:00+00:00") == 0
    refused = await run(
        database_url, "export", "skus", "-o", "-", "--as-of", "2026-01-01T00:00:00Z"
    )
    assert refused.exit_code == 2


async def test_where_nothing_can_be_written_it_says_so(
    retailer: Retailer, database_url: str, tmp_path: Path
) -> None:
    nowhere = await run(database_url, "export", "skus", "-o", str(tmp_path / "no" / "skus.csv"))

    assert nowhere.exit_code == 1
    assert "No such file or directory" in nowhere.output


async def test_a_pipe_stays_a_pipe(retailer: Retailer, database_url: str, tmp_path: Path) -> None:
    """Given a pipe under the name, when it is exported to, then its reader gets the file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reading = asyncio.create_task(asyncio.to_thread(pipe.read_text))

    written = await run(database_url, "export", "skus", "-o", str(pipe))

    assert written.exit_code == 0, written.output
    assert (await reading).startswith("code,name,")
    assert pipe.is_fifo()


async def test_a_full_disk_is_told_as_one(database: Database) -> None:
    """The database had no part in it, and answers the next one."""

    class Full(io.BytesIO):
        def write(self, _: Any) -> int:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        await files.write_file(database, "skus", Full())
    whole = io.BytesIO()
    assert await files.write_file(database, "skus", whole) == 0
    assert whole.getvalue().startswith(b"code,name,")


async def test_what_breaks_off_leaves_what_was_there(
    retailer: Retailer, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Given yesterday's file, when today's export fails half-way, then yesterday's still stands."""
    target = tmp_path / "skus.csv"
    target.write_text("yesterday's")

    async def full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "write_file", full)
    failed = await run(database_url, "export", "skus", "-o", str(target))

    assert failed.exit_code == 1
    assert "No space left on device" in failed.output
    assert target.read_text() == "yesterday's"
    assert os.listdir(tmp_path) == ["skus.csv"]
