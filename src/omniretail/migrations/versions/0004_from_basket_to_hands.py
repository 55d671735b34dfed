"""From any basket to the customer's hands: fulfillments in steps, parcels, captures, rejections."""

from omniretail.migrations.runner import run_sql

revision = "0004_from_basket_to_hands"
down_revision = "0003_one_price_everywhere"


def upgrade() -> None:
    """Run the SQL beside this file."""
    run_sql(revision)
