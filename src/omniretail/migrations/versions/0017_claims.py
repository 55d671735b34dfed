"""Claims: goods that were damaged, missing or wrong, and what became of them."""

from omniretail.migrations.runner import run_sql

revision = "0017_claims"
down_revision = "0016_unlinked_counters"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql(revision)
