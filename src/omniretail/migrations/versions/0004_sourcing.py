"""Sourcing: how channels' orders find their locations, and what locations can take."""

from omniretail.migrations.runner import run_sql

revision = "0004_sourcing"
down_revision = "0003_one_price_everywhere"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql(revision)
