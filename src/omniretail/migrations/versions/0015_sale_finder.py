"""Finding a sale without its receipt: by e-mail, by card, by the unit in the customer's hands."""

from omniretail.migrations.runner import run_sql

revision = "0015_sale_finder"
down_revision = "0014_return_policies"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql(revision)
