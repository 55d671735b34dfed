"""The demo retailer: it shows what there is, and its books are true."""

from omniretail import clock, customers, demo, loyalty
from omniretail.db import Database
from omniretail.demo import club


async def test_the_demo_shows_the_loyalty_programme(database: Database) -> None:
    """Forty customers, households, points of all kinds; one in gold by a purchase that is looked at.

    The audit after the test holds it all against the books.
    """
    steps: list[str] = []
    await demo.load(database, advance=steps.append, now=clock.now())
    assert steps == list(demo.STEPS)

    async with database.reading() as tx:
        now = clock.now()
        known = await customers.list_customers(tx, limit=100)
        accounts = await loyalty.accounts_of_customers(tx, [one.id for one in known], now=now)
        reviews = await loyalty.list_reviews(tx, limit=10)
        entries = {
            entry.type
            for account in accounts
            for entry in await loyalty.list_entries(tx, account.id, limit=100)
        }
        (gold,) = await tx.read(customers.customers_by_reference([club.card(17)]))

    assert (len(known), len(accounts)) == (40, 28)
    assert max(len(account.members) for account in accounts) == 4
    assert len(reviews) == 1
    assert entries >= {"adjusted", "earned", "spent", "reversed", "restored", "gifted"}
    by_member = {member: account for account in accounts for member in account.members}
    assert by_member[gold[club.card(17)].id].tier == "gold"
    assert {account.tier for account in accounts} == {None, "silver", "gold"}
