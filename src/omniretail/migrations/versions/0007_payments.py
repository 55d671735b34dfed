"""Payments: gift cards and store credit as accounts; card payments and what providers are asked."""

from omniretail.migrations.runner import run_sql

revision = "0007_payments"
down_revision = "0006_carts"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql(revision)
