"""Counters of unlinked returns: who brings goods without a receipt, and how often."""

from omniretail.migrations.runner import run_sql

revision = "0016_unlinked_counters"
down_revision = "0015_sale_finder"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql(revision)
