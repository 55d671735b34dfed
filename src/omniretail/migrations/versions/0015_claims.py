"""Claims: goods that were damaged, missing or wrong, and what became of them."""

from omniretail.migrations.runner import run_sql

revision = "0015_claims"
down_revision = "0014_return_policies"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql(revision)
