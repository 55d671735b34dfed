"""Return policies: what is taken back for how long, and how it is paid back; halves that go down."""

from omniretail.migrations.runner import run_sql

revision = "0011_return_policies"
down_revision = "0010_cart_ship_to"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql(revision)
