"""Payments: gift cards and store credit as accounts; card payments and what providers are asked."""

from omniretail.migrations.runner import run_sql

revision = "0004_payments"
down_revision = "0003_one_price_everywhere"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql(revision)
