"""The house stands: catalog, prices, stock, orders, events, keys."""

from omniretail.migrations.runner import run_sql

revision = "0001_the_house_stands"
down_revision = None


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql(revision)
