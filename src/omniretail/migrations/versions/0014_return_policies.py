"""Return policies: what is taken back for how long, and how it is paid back; halves that go down."""

from omniretail.migrations.runner import run_sql

revision = "0014_return_policies"
down_revision = "0013_unlinked_returns"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql(revision)
