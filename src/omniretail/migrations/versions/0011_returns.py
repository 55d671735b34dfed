"""Returns: what comes back of orders, what it is graded as, and what is paid back for it."""

from omniretail.migrations.runner import run_sql

revision = "0011_returns"
down_revision = "0010_cart_ship_to"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql(revision)
