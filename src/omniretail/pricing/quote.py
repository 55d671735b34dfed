"""Quotes: a priced basket that is charged exactly until it expires, signed for any channel to check.

Pure. Making one for a request is `quoting`.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from omniretail.errors import Invalid, Refused
from omniretail.pricing.basket import Basket, PricedBasket
from omniretail.pricing.signing import SigningKeys, TokenNotOurs


class QuoteNotValid(Invalid):
    """The quote is broken, or was not signed by this retailer."""

    def __init__(self) -> None:
        super().__init__("The quote is not one of ours.")


class QuoteMismatch(Refused):
    """The order is not what was quoted."""

    def __init__(self, differs: str) -> None:
        super().__init__(f"The order's {differs} is not what was quoted.", differs=differs)


class QuoteExpired(Refused):
    """The quote has expired, and the basket costs more now."""

    def __init__(self, *, quoted_minor: int, now_minor: int, currency: str, quote: str) -> None:
        super().__init__(
            f"Quoted were {quoted_minor} minor units of {currency}; now it is {now_minor}. "
            "Order by the fresh quote to agree.",
            quoted={"amount": quoted_minor, "currency": currency},
            now={"amount": now_minor, "currency": currency},
            quote=quote,
        )


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """A basket, what it costs, and until when that stands.

    `price_reasons` say of each line why it has a price of its own, where it has one.
    """

    id: UUID
    issued_at: datetime
    expires_at: datetime
    basket: Basket
    priced: PricedBasket
    price_reasons: tuple[str | None, ...]

    def live_at(self, at: datetime) -> bool:
        """Tell whether the quote is charged exactly at a moment."""
        return at < self.expires_at


def signed(quote: Quote, keys: SigningKeys) -> str:
    """Return a quote as a signed token: a JSON Web Token (RFC 7519) with the quote among its claims."""
    claims: dict[str, Any] = {
        "jti": str(quote.id),
        "iat": int(quote.issued_at.timestamp()),
        "exp": int(quote.expires_at.timestamp()),
        "quote": msgspec.to_builtins(quote),
    }
    return keys.sign(claims)


def read(token: str, keys: SigningKeys) -> Quote:
    """Return the quote that a token says. Raises: QuoteNotValid."""
    try:
        return msgspec.convert(keys.read(token).get("quote"), Quote)
    except (TokenNotOurs, msgspec.ValidationError) as error:
        raise QuoteNotValid from error
