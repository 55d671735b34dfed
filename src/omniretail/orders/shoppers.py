"""Who orders are for: the customer behind what a caller says, and the groups that their prices go by."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from msgspec.structs import replace

from omniretail import loyalty, pricing
from omniretail.db import Transaction
from omniretail.errors import Invalid
from omniretail.ids import id_in
from omniretail.orders.charge import Quotes
from omniretail.orders.order import Order
from omniretail.orders.points import points_wanted
from omniretail.orders.wishes import CouponGiven, PlaceOrder


class Shoppers(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the customers of a batch, and the versions of the programme that count for it."""

    people: loyalty.People = loyalty.People()
    programmes: loyalty.Programmes = loyalty.Programmes()

    def known(self, command: PlaceOrder) -> PlaceOrder | Invalid:
        """Return a command with its customer by id, their groups, and the coupon of its reward."""
        if command.reward is not None and (
            programme := self.programmes.in_force(command.placed_at)
        ):
            given = {coupon.code for coupon in command.coupons}
            coupons = tuple(
                CouponGiven(code=one.coupon)
                for one in programme.rewards
                if one.code == command.reward and one.coupon not in given
            )
            command = replace(command, coupons=(*command.coupons, *coupons))
        people, said = self.people, command.customer_groups
        return people.refusal(command.customer, said) or replace(
            command,
            customer=people.name(command.customer),
            customer_groups=people.groups_of(command.customer, said or command.cart_groups),
        )

    def all_known(self, commands: Sequence[PlaceOrder]) -> list[PlaceOrder]:
        """Return commands so, those left out that cannot be."""
        known = [self.known(command) for command in commands]
        return [command for command in known if isinstance(command, PlaceOrder)]


async def read_shoppers(
    tx: Transaction, commands: Sequence[PlaceOrder], quotes: Quotes, *, edited: bool, now: datetime
) -> Shoppers:
    """Return what is known of the customers of commands and quotes. Asks nobody about none.

    What comes into an `edited` order is for its customer, as that order says.
    """
    earliest = min([now, *(command.placed_at for command in commands)])
    if edited:
        (programmes,) = await tx.read(loyalty.programmes(earliest))
        return Shoppers(programmes=programmes)
    named = {command.customer for command in commands if command.customer}
    quoted = [quote.basket for quote in quotes.values() if isinstance(quote, pricing.Quote)]
    named |= {basket.shopper.customer for basket in quoted if basket.shopper.customer}
    spending = any(command.reward or command.coupons for command in commands)
    if not named and not spending and not any(basket.coupons for basket in quoted):
        return Shoppers()
    people, programmes = await loyalty.read_people(tx, named, now=now, earliest=earliest)
    return Shoppers(people=people, programmes=programmes)


async def known_wish(
    tx: Transaction, wish: pricing.QuoteWish, *, now: datetime
) -> pricing.QuoteWish | Invalid:
    """Return what somebody wants a quote of, the customer by id and with their groups.

    As placing the order would have it. Locks: none. Asks nobody about nobody.
    """
    people = await loyalty.people(tx, [wish.customer], now=now)
    return people.refusal(wish.customer, wish.customer_groups) or replace(
        wish,
        customer=people.name(wish.customer),
        customer_groups=people.groups_of(wish.customer, wish.customer_groups),
    )


async def lock_points(
    tx: Transaction,
    shoppers: Shoppers,
    commands: Sequence[PlaceOrder],
    quotes: Quotes,
    edited: Collection[Order],
    *,
    now: datetime,
) -> loyalty.Ledger:
    """Lock the loyalty accounts that commands earn and spend on, and those of `edited` orders.

    Whose they are a command says, or else its quote. Asks nobody about none. Locks: the accounts, by id.
    """
    wanted: dict[UUID, int] = {}
    accounts = {order.loyalty_account for order in edited if order.loyalty_account}
    stood = {order.id: order.loyalty_account for order in edited}
    for command in commands:
        reference = shoppers.people.name(command.customer or _quoted(quotes, command))
        payer = stood.get(command.order_id) or (
            None if command.order_id in stood else id_in(reference)
        )
        if payer is not None:
            wanted[payer] = wanted.get(payer, 0) + points_wanted(shoppers.programmes, command)
    return await loyalty.lock(
        tx,
        loyalty.Concerned(
            accounts=accounts,
            customers=wanted.keys() - accounts,
            wanted=wanted,
            orders=[order.id for order in edited if order.loyalty_account],
            holds={t.hold_id for command in commands for t in command.tenders if t.hold_id},
            days={command.placed_at for command in commands},
        ),
        shoppers.programmes.in_force(now),
        now=now,
    )


def _quoted(quotes: Quotes, command: PlaceOrder) -> str | None:
    """Return the customer that a command's quote is for."""
    quote = quotes.get(command.quote or "")
    return quote.basket.shopper.customer if isinstance(quote, pricing.Quote) else None
