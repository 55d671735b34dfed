"""Suspicions: units in the books that nobody found; goods on their way to the store of an order."""

from omniretail.migrations.runner import run_sql

revision = "0005_suspicions"
down_revision = "0004_from_basket_to_hands"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql(revision)
