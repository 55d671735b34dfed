"""Profiles: merges of customers with their trails, segments, indexes by person and time."""

from omniretail.migrations.runner import run_sql

revision = "0021_profiles"
down_revision = "0020_loyalty_ledger"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql(revision)
