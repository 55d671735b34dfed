"""What one API process holds: its connections, its copy of the price book, its batches.

The batches have connections of their own, on which every statement is planned once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from litestar.di import NamedDependency

from omniretail import (
    carts,
    channels,
    clock,
    customers,
    imports,
    inventory,
    loyalty,
    orders,
    payments,
    pricing,
    returns,
)
from omniretail.batching import Batcher
from omniretail.db import Database, Transaction
from omniretail.errors import DomainError
from omniretail.idempotency import Answer
from omniretail.settings import Settings

# One for each of the batchers that run ledger statements.
_BATCHES_AT_ONCE = 24
# Each holds a connection for as long as somebody reads it; most are for everybody else.
_EXPORTS_AT_ONCE = 2
# Hashing one keeps a core busy and takes 16 MB; who guesses waits for who guessed before.
_PINS_AT_ONCE = 2

Value = TypeVar("Value")

Tx = NamedDependency[Transaction]
"""A handler's transaction: committed before the answer leaves, rolled back on error."""


class Process:
    """Built once when the process starts. It keeps nothing that another process would miss."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = Database(
            settings.database_url,
            schema=settings.schema,
            pool_size=settings.pool_size,
            prepared_statements=settings.prepared_statements,
        )
        self.ledger = Database(
            settings.database_url,
            schema=settings.schema,
            pool_size=_BATCHES_AT_ONCE,
            prepared_statements=settings.prepared_statements,
            ledger=True,
        )
        self.provider = payments.chosen_provider(settings, self.database)
        self.books = pricing.BookKeeper()
        self.quotes_last = timedelta(seconds=settings.quote_seconds)
        self.exporting = asyncio.Semaphore(_EXPORTS_AT_ONCE)
        self._trying = asyncio.Semaphore(_PINS_AT_ONCE)
        self.place_order = Batcher(self._place)
        self.change_order = Batcher(self._change)
        self.change_return = Batcher(self._change_return)
        self.change_claim = Batcher(self._change_claim)
        self.place_hold = Batcher(self._place_hold)
        self.change_hold = Batcher(self._change_hold)
        self.book = Batcher(self._book)
        self.change_transfer = Batcher(self._change_transfer)
        self.change_count_task = Batcher(self._change_count_task)
        self.close_shortage = Batcher(self._close_shortage)
        self.close_exception = Batcher(self._close_exception)
        self.claim_coupon = Batcher(self._claim_coupon)
        self.free_claim = Batcher(self._free_claim)
        self.change_cart = Batcher(self._change_cart)
        self.edit_cart = Batcher(self._edit_cart)
        self.change_account = Batcher(self._change_account)
        self.change_loyalty_account = Batcher(self._change_loyalty_account)
        self.hold_points = Batcher(self._hold_points)
        self.void_points = Batcher(self._void_points)
        self.points_balance = Batcher(self._points_balance)
        self.add_programme = Batcher(self._add_programme)
        self.change_customer = Batcher(self._change_customer)
        self.edit_customer = Batcher(self._edit_customer)
        self.announce = Batcher(self._announce)
        self.cancel_expected = Batcher(self._cancel_expected)
        self.take_rows = Batcher(self._take_rows)
        self.availability = Batcher(self._availability)

    async def close(self) -> None:
        """Close every connection."""
        await self.provider.close()
        await self.database.close()
        await self.ledger.close()

    async def quote(self, wish: pricing.QuoteWish) -> pricing.Quoted:
        """Return a quote; the very first one makes the key that signs it."""
        try:
            return await self._quote(wish)
        except pricing.SigningKeyMissing:
            await self.database.run(lambda tx: pricing.ensure_signing_key(tx, now=clock.now()))
            return await self._quote(wish)

    async def _quote(self, wish: pricing.QuoteWish) -> pricing.Quoted:
        now = clock.now()
        async with self.database.reading() as tx:
            known = await orders.known_wish(tx, wish, now=now)
            if isinstance(known, DomainError):
                raise known
            quoted = await pricing.make_quote(
                tx, known, books=self.books, now=now, quotes_last=self.quotes_last
            )
        if isinstance(quoted, DomainError):
            raise quoted
        return quoted

    async def pickup_code(
        self, fulfillment_id: UUID, *, made_with: str | None = None
    ) -> tuple[str, str]:
        """Return the key and the code of a pickup: by the key it was made with, or the newest."""
        await self.database.run(lambda tx: pricing.ensure_signing_key(tx, now=clock.now()))
        async with self.database.reading() as tx:
            keys = await pricing.current_keys(tx, books=self.books)
        key_id, secret = keys.secret(orders.PICKUP_CODES, made_with)
        return key_id, orders.code_of(secret, fulfillment_id)

    async def approve(
        self, principal: channels.Principal, *, staff: str, pin: str, scope: str, location: str
    ) -> channels.Approver:
        """Return who approves what a caller may not do alone, by the code and the PIN they typed.

        A wrong PIN is counted in a transaction of its own, before anything of the request is done.
        Raises: ApprovalRefused, ApprovalLocked, ApproverNotAllowed.
        """
        async with self._trying:
            async with self.database.reading() as tx:
                salt = await channels.salt_of(tx, staff, now=clock.now())
            tried = channels.PinTry(
                code=staff,
                pin_hash=await asyncio.to_thread(channels.hash_pin, pin, salt),
                principal=principal,
                scope=scope,
                location=location,
            )
            outcome = await self.database.run(
                lambda tx: channels.try_pin(tx, tried, now=clock.now())
            )
        if isinstance(outcome, DomainError):
            raise outcome
        return outcome

    async def _place(
        self, commands: Sequence[orders.PlaceOrder]
    ) -> Sequence[Answer[orders.Order] | DomainError]:
        return await self.ledger.run(
            lambda tx: orders.place(
                tx, commands, books=self.books, now=clock.now(), quotes_last=self.quotes_last
            )
        )

    async def _change(
        self, commands: Sequence[orders.Command]
    ) -> Sequence[Answer[orders.Order] | DomainError]:
        return await self.ledger.run(lambda tx: orders.change(tx, commands, now=clock.now()))

    async def _change_return(
        self, commands: Sequence[returns.ReturnCommand]
    ) -> Sequence[Answer[returns.Return] | DomainError]:
        return await self.ledger.run(
            lambda tx: returns.change_returns(tx, commands, books=self.books, now=clock.now())
        )

    async def _change_claim(
        self, commands: Sequence[returns.ClaimCommand]
    ) -> Sequence[Answer[returns.Claim] | DomainError]:
        return await self.ledger.run(
            lambda tx: returns.change_claims(tx, commands, books=self.books, now=clock.now())
        )

    async def _place_hold(
        self, commands: Sequence[inventory.PlaceHold]
    ) -> Sequence[Answer[inventory.Hold] | DomainError]:
        return await self.ledger.run(
            lambda tx: inventory.place_holds(tx, commands, now=clock.now())
        )

    async def _change_hold(
        self, commands: Sequence[inventory.ChangeHold]
    ) -> Sequence[inventory.Hold | DomainError]:
        return await self.ledger.run(
            lambda tx: inventory.change_holds(tx, commands, now=clock.now())
        )

    async def _book(
        self, commands: Sequence[inventory.BookDocument]
    ) -> Sequence[Answer[inventory.Booked] | DomainError]:
        return await self.ledger.run(lambda tx: inventory.book(tx, commands, now=clock.now()))

    async def _change_transfer(
        self, commands: Sequence[inventory.TransferCommand]
    ) -> Sequence[Answer[inventory.Transfer] | DomainError]:
        return await self.ledger.run(
            lambda tx: inventory.change_transfers(tx, commands, now=clock.now())
        )

    async def _change_count_task(
        self, commands: Sequence[inventory.ChangeCountTask]
    ) -> Sequence[Answer[inventory.ChangedTask] | DomainError]:
        return await self.ledger.run(
            lambda tx: inventory.change_count_tasks(tx, commands, now=clock.now())
        )

    async def _close_shortage(
        self, commands: Sequence[inventory.CloseShortage]
    ) -> Sequence[Answer[inventory.ShortageCase] | DomainError]:
        return await self.ledger.run(
            lambda tx: inventory.close_shortages(tx, commands, now=clock.now())
        )

    async def _close_exception(
        self, commands: Sequence[orders.CloseException]
    ) -> Sequence[Answer[orders.OrderException] | DomainError]:
        return await self.ledger.run(
            lambda tx: orders.close_exceptions(tx, commands, now=clock.now())
        )

    async def _claim_coupon(
        self, commands: Sequence[pricing.ClaimCoupon]
    ) -> Sequence[Answer[pricing.Claim] | DomainError]:
        return await self.ledger.run(
            lambda tx: pricing.claim_coupons(tx, commands, books=self.books, now=clock.now())
        )

    async def _free_claim(
        self, commands: Sequence[pricing.FreeClaim]
    ) -> Sequence[pricing.Claim | DomainError]:
        return await self.ledger.run(lambda tx: pricing.free_claims(tx, commands, now=clock.now()))

    async def _change_cart(
        self, commands: Sequence[carts.CreateCart | carts.HoldCart | carts.MergeCarts]
    ) -> Sequence[Answer[carts.CartNow] | DomainError]:
        return await self.ledger.run(lambda tx: carts.change_carts(tx, commands, now=clock.now()))

    async def _edit_cart(
        self, commands: Sequence[carts.EditCart | carts.ReleaseCart]
    ) -> Sequence[carts.CartNow | DomainError]:
        return await self.ledger.run(lambda tx: carts.edit_carts(tx, commands, now=clock.now()))

    async def _change_account(
        self, commands: Sequence[payments.AccountCommand]
    ) -> Sequence[Answer[payments.Account] | DomainError]:
        return await self.ledger.run(
            lambda tx: payments.change_accounts(tx, commands, now=clock.now())
        )

    async def change_gift(self, command: loyalty.GiftCommand) -> Answer[loyalty.Gift]:
        """Give points to another account, or take such a gift back."""
        return await self._alone(loyalty.change_gifts, command)

    async def merge_accounts(self, command: loyalty.MergeCommand) -> Answer[loyalty.Merge]:
        """Merge two loyalty accounts, or undo that."""
        return await self._alone(loyalty.merge_accounts, command)

    async def decide_review(self, command: loyalty.DecideReview) -> Answer[loyalty.Review]:
        """Decide whether points count."""
        return await self._alone(loyalty.decide_reviews, command)

    async def _alone(
        self, operation: Callable[..., Awaitable[Sequence[Value | DomainError]]], command: object
    ) -> Value:
        """Run a command that is too rare for a batch."""
        (outcome,) = await self.database.run(lambda tx: operation(tx, [command], now=clock.now()))
        if isinstance(outcome, DomainError):
            raise outcome
        return outcome

    async def _change_loyalty_account(
        self, commands: Sequence[loyalty.AccountCommand]
    ) -> Sequence[Answer[loyalty.Account] | DomainError]:
        return await self.ledger.run(
            lambda tx: loyalty.change_accounts(tx, commands, now=clock.now())
        )

    async def _hold_points(
        self, commands: Sequence[loyalty.PlaceHold]
    ) -> Sequence[Answer[loyalty.Hold] | DomainError]:
        return await self.ledger.run(lambda tx: loyalty.place_holds(tx, commands, now=clock.now()))

    async def _void_points(
        self, commands: Sequence[loyalty.VoidHold]
    ) -> Sequence[loyalty.Hold | DomainError]:
        return await self.ledger.run(lambda tx: loyalty.void_holds(tx, commands, now=clock.now()))

    async def _points_balance(
        self, account_ids: Sequence[UUID]
    ) -> Sequence[loyalty.Account | DomainError]:
        async with self.ledger.reading() as tx:
            return await loyalty.balances(tx, account_ids, now=clock.now())

    async def _add_programme(
        self, commands: Sequence[loyalty.AddProgramme]
    ) -> Sequence[Answer[loyalty.ProgrammeVersion] | DomainError]:
        return await self.ledger.run(
            lambda tx: loyalty.add_programmes(tx, commands, now=clock.now())
        )

    async def _change_customer(
        self, commands: Sequence[customers.KeyedCommand]
    ) -> Sequence[Answer[customers.Customer] | DomainError]:
        async def change(tx: Transaction) -> list[Answer[customers.Customer] | DomainError]:
            now = clock.now()
            answers = await customers.change_customers(tx, commands, now=now)
            fresh = [one for one in answers if isinstance(one, Answer) and not one.replayed]
            known = {reference for one in fresh for reference in one.value.references}
            await pricing.keep_lists_by_id(tx, known, now=now)
            return answers

        return await self.ledger.run(change)

    async def _edit_customer(
        self, commands: Sequence[customers.ChangeCustomer]
    ) -> Sequence[customers.Customer | DomainError]:
        return await self.ledger.run(
            lambda tx: customers.edit_customers(tx, commands, now=clock.now())
        )

    async def _announce(
        self, commands: Sequence[inventory.Announce]
    ) -> Sequence[Answer[inventory.Announced] | DomainError]:
        return await self.database.run(lambda tx: inventory.announce(tx, commands, now=clock.now()))

    async def _cancel_expected(
        self, commands: Sequence[inventory.CancelExpected]
    ) -> Sequence[Answer[inventory.Expected] | DomainError]:
        return await self.database.run(
            lambda tx: inventory.cancel_expected(tx, commands, now=clock.now())
        )

    async def _take_rows(
        self, commands: Sequence[imports.TakeRows]
    ) -> Sequence[Answer[imports.Taken] | DomainError]:
        return await self.database.run(lambda tx: imports.take(tx, commands, now=clock.now()))

    async def _availability(
        self, queries: Sequence[inventory.AvailabilityQuery]
    ) -> Sequence[list[inventory.Availability] | DomainError]:
        async with self.ledger.reading() as tx:
            return await inventory.availability(tx, queries, now=clock.now())
