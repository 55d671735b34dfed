"""Which provider a process asks, by its settings."""

from omniretail.db import Database
from omniretail.payments.provider import Provider
from omniretail.payments.sandbox import SandboxProvider
from omniretail.payments.stripe import StripeProvider
from omniretail.settings import Settings


def chosen_provider(settings: Settings, database: Database) -> Provider:
    """Return the provider that the settings name; the sandbox keeps its charges in `database`."""
    if settings.payment_provider == "stripe":
        return StripeProvider(
            secret_key=settings.stripe_secret_key,
            webhook_secret=settings.stripe_webhook_secret,
            base_url=settings.stripe_url,
        )
    return SandboxProvider(database, secret=settings.sandbox_secret)
