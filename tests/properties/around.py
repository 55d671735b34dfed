"""What surrounds an order in memory: who acts, and all that adding goods to it asks."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from omniretail import catalog, channels, idempotency, inventory, loyalty, payments, pricing
from omniretail.ids import new_id
from omniretail.inventory import Stock
from omniretail.loyalty.books import Loaded
from omniretail.orders.charge import Prices
from omniretail.orders.shoppers import Shoppers
from omniretail.orders.surroundings import Surroundings

STAFF = channels.Principal(
    id=new_id(),
    kind="integration",
    name="anybody",
    scopes=frozenset(channels.SCOPES),
    channel=None,
    locations=frozenset(),
)


def key() -> idempotency.Key:
    """A key that nobody used."""
    return idempotency.Key(STAFF.id, str(new_id()), b"")


def surroundings(
    *,
    book: pricing.Book,
    stock: Stock,
    accounts: payments.Accounts,
    skus: Mapping[str, catalog.SkuTraits],
    locations: Mapping[str, catalog.LocationSpec],
    now: datetime,
) -> Surroundings:
    """All that deciding about wanted goods goes by, where nothing is quoted, held or routed."""
    prices = Prices(
        book=book,
        keys=pricing.SigningKeys({}),
        quotes={},
        usages=pricing.Usages({}, {}, {}, {}, now=now),
        quotes_last=timedelta(),
        now=now,
    )
    web = channels.ChannelSpec(code="web", name="web", kind="web", currency="EUR")
    return Surroundings(
        prices=prices,
        channels={"web": web},
        skus=skus,
        locations=locations,
        policies={},
        stock=stock,
        holds={},
        room=inventory.ChannelRoom(),
        carts={},
        converted={},
        accounts=accounts,
        payments=payments.Payments(()),
        shoppers=Shoppers(),
        points=loyalty.Ledger(Loaded(), now=now),
        routes={},
        now=now,
    )
