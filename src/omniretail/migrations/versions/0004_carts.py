"""Carts: one basket for all channels, until it becomes an order."""

from omniretail.migrations.runner import run_sql

revision = "0004_carts"
down_revision = "0003_one_price_everywhere"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql(revision)
