"""Loyalty accounts, their lots and entries, holds, and what each order earned and spent."""

from omniretail.migrations.runner import run_sql

revision = "0020_loyalty_ledger"
down_revision = "0019_loyalty_programme"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql(revision)
