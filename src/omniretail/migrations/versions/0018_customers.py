"""Customers: one profile per person, by whatever they are known in any channel."""

from omniretail.migrations.runner import run_sql

revision = "0018_customers"
down_revision = "0017_claims"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql(revision)
