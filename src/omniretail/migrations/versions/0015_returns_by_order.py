"""The returns of an order are found by an index of all returns."""

from omniretail.migrations.runner import run_sql

revision = "0015_returns_by_order"
down_revision = "0014_return_policies"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql(revision)
