"""What a provider declined is told to its order, once."""

from omniretail.migrations.runner import run_sql

revision = "0009_told_failures"
down_revision = "0008_sourcing"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql(revision)
