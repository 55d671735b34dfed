"""Carts: one basket for all channels, until it becomes an order."""

from omniretail.migrations.runner import run_sql

revision = "0006_carts"
down_revision = "0005_suspicions"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql(revision)
