"""Staff PINs: with which staff approve at a till what its key may not do alone."""

from omniretail.migrations.runner import run_sql

revision = "0012_staff_pins"
down_revision = "0011_returns"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql(revision)
