"""Sourcing: how channels' orders find their locations, and what locations can take."""

from omniretail.migrations.runner import run_sql

revision = "0008_sourcing"
down_revision = "0007_payments"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql(revision)
