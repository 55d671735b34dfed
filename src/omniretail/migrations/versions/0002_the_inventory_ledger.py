"""The inventory ledger, whole: every state, holds, counts, transfers, lots, kits, supply, shortages."""

from omniretail.migrations.runner import run_sql

revision = "0002_the_inventory_ledger"
down_revision = "0001_the_house_stands"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql(revision)
