"""The environment, read once into one frozen struct. Every variable and its default stands here."""

import os
from collections.abc import Mapping
from typing import Literal

import msgspec


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How this process runs. Each field is the variable named in `_VARIABLES`."""

    database_url: str = ""
    """A PostgreSQL of version 15 or later; empty means the embedded one."""
    data_directory: str = ""
    """Where the embedded PostgreSQL keeps its data; empty means the user's own data directory."""
    schema: str = "public"
    """The PostgreSQL schema that holds this retailer."""
    pool_size: int = 8
    """Database connections per process."""
    prepared_statements: bool = True
    """Turn off behind PgBouncer in transaction mode."""
    host: str = "127.0.0.1"
    port: int = 8700
    workers: int = 1
    """API processes; they keep no state, so any number may run."""
    worker: Literal["on", "off"] = "on"
    """Whether `omniretail serve` runs a worker beside the API; off where `omniretail worker` does."""
    log_level: str = "info"
    key_cache_seconds: float = 5.0
    """How long a process may go on honoring a key that has been revoked."""
    body_limit_bytes: int = 10_000_000
    quote_seconds: int = 1800
    """How long a quote is charged exactly."""
    payment_provider: Literal["sandbox", "stripe"] = "sandbox"
    """Who authorizes cards and wallets; the sandbox moves no money."""
    sandbox_secret: str = ""
    """Signs what the sandbox tells by itself; empty means that nothing of the kind is believed."""
    stripe_secret_key: str = ""
    """Needed where the provider is stripe."""
    stripe_webhook_secret: str = ""
    """Signs what Stripe tells by itself; empty means that nothing of the kind is believed."""
    stripe_url: str = "https://api.stripe.com"


_VARIABLES = {
    "database_url": "DATABASE_URL",
    **{
        name: f"OMNIRETAIL_{name.upper()}"
        for name in Settings.__struct_fields__
        if name != "database_url"
    },
}


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of this environment.

    Raises: SystemExit naming the variable that cannot be understood.
    """
    given = {
        field: environment[variable]
        for field, variable in _VARIABLES.items()
        if environment.get(variable)
    }
    try:
        settings = msgspec.convert(given, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise SystemExit(f"The settings in the environment are not valid: {error}") from error
    if settings.payment_provider == "stripe" and not settings.stripe_secret_key:
        raise SystemExit("OMNIRETAIL_PAYMENT_PROVIDER=stripe needs OMNIRETAIL_STRIPE_SECRET_KEY.")
    return settings
