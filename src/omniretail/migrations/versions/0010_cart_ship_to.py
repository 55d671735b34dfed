"""Checkouts: where the parcels of a cart go, and which authorizations wait for it."""

from omniretail.migrations.runner import run_sql

revision = "0010_cart_ship_to"
down_revision = "0009_told_failures"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql(revision)
