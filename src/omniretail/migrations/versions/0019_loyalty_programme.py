"""The loyalty programme, version by version."""

from omniretail.migrations.runner import run_sql

revision = "0019_loyalty_programme"
down_revision = "0018_customers"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql(revision)
