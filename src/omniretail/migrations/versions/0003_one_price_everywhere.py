"""One price everywhere: scoped lists, promotions, coupons, taxes, quotes; orders that keep all of it."""

from omniretail.migrations.runner import run_sql

revision = "0003_one_price_everywhere"
down_revision = "0002_the_inventory_ledger"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql(revision)
