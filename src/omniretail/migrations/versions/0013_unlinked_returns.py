"""Returns without a receipt: their movements, and store credit that names them."""

from omniretail.migrations.runner import run_sql

revision = "0013_unlinked_returns"
down_revision = "0012_staff_pins"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql(revision)
