"""An order of a member: it earns and spends points, which follow whatever happens to it.

Beside it the same account lives on: it earns and spends elsewhere, promises points, owes some, is merged,
and its points expire. All of it goes through the real rules in memory, and is audited after each step.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from msgspec.structs import replace

from omniretail.errors import DomainError
from omniretail.ids import new_id
from omniretail.loyalty import (
    Entry,
    InsufficientPoints,
    Ledger,
    Merge,
    Programme,
    Programmes,
    ProgrammeVersion,
)
from omniretail.orders import (
    ClaimPoints,
    EditOrder,
    Fulfillment,
    Order,
    PlaceOrder,
    TenderGiven,
    edits,
)
from omniretail.orders.points import REWARD, followed, with_points
from omniretail.orders.shoppers import Shoppers
from omniretail.orders.surroundings import Surroundings
from omniretail.orders.wishes import CouponGiven
from omniretail.returns import Claim, ClaimCommand, Exchange, Return, ReturnCommand, ReturnPolicy
from tests.loyalty.books import World
from tests.loyalty.test_examples import decided, hold, merged, undone
from tests.pricing.books import NOON
from tests.properties import swap_steps
from tests.properties.around import STAFF, key
from tests.properties.points_clerk import CATEGORIES, PointsClerk, owed_back, reward_owed_back
from tests.properties.sales import CUSTOMER, Sale
from tests.properties.swap_steps import Swaps

ANN, BO = "ann", "bo"


class Member(Swaps):
    """The steps of a trade with a member of a loyalty programme."""

    def __init__(
        self, sale: Sale, policy: ReturnPolicy, programme: Programme, opening: Sequence[int | None]
    ) -> None:
        super().__init__(sale, policy)
        self.world = World(ANN, BO, programme=programme)
        self.world.now = self.now
        ann = self.world.ids[ANN]
        self.world.accounts[ann] = replace(self.world.accounts[ann], members=(UUID(CUSTOMER),))
        self.version = ProgrammeVersion(
            id=new_id(),
            effective_from=NOON - timedelta(days=9),
            programme=programme,
            created_at=NOON,
            created_by=STAFF.id,
        )
        self.points = PointsClerk(programme, self.clerk)
        self.merge: Merge | None = None
        self.reward_back = 0
        self.was_done = False
        for days in opening:
            self.world.put_in(ANN, 300, None if days is None else self.now + timedelta(days=days))
        if self.order.customer:
            self._places(sale)
        self.seen = self.order

    @property
    def owner(self) -> str:
        """The name of the account that the order's points are of now."""
        return BO if self.world.accounts[self.world.ids[ANN]].merged_into else ANN

    @property
    def spendable(self) -> int:
        """What the order's account may spend."""
        self.world.now = self.now
        return self.world.account(self.owner).spendable_points

    def _places(self, sale: Sale) -> None:
        """Have the order spend and earn; where points are short, it is refused, and they are bought."""
        command = PlaceOrder(
            key=key(),
            order_id=self.order_id,
            principal=STAFF,
            channel="web",
            location=None,
            placed_at=self.now,
            fulfillments=(),
            tenders=tuple(
                TenderGiven(type=one.type, amount_minor=one.amount_minor, currency="EUR")
                for one in self.order.tenders
            ),
            customer=CUSTOMER,
            coupons=(CouponGiven(code="TEN"),),
        )
        programme = self.world.programme
        off = any(line.discounts for line in self.order.lines)
        reward = next(iter(programme.rewards), None) if off else None
        wanted = reward.points if reward else 0
        per = programme.redeem_minor["EUR"]
        by_points = [one.amount_minor for one in self.order.tenders if one.type == "points"]
        wanted += sum(-(-minor * programme.redeem_points // per) for minor in by_points)
        unspent = tuple(replace(one, points=None) for one in self.order.tenders)
        order, tier = replace(self.order, tenders=unspent), self.world.account(ANN).tier
        short = wanted - self.spendable
        while True:
            ledger = self.world.ledger()
            mark = ledger.mark()
            version = self.version.id, programme
            placed = with_points(ledger, version, command, order, reward, CATEGORIES)
            if isinstance(placed, Order):
                break
            assert isinstance(placed, InsufficientPoints), placed
            assert short > 0
            ledger.take_back(mark)
            self.world.keep(ledger)
            assert self.spendable == wanted - short, "what is refused changes nothing"
            self.world.put_in(ANN, short)
        self.world.keep(ledger)
        if wanted:
            assert self.world.orders[self.order_id].spent_points == wanted
        self.desk.orders[self.order_id] = placed
        self.points.came_in(placed, tier)

    def _replaced(self, after: Order) -> None:
        super()._replaced(after)
        self._follow()

    def decide(self, command: ReturnCommand) -> Return | DomainError:
        """Decide about a return; its points follow."""
        outcome = super().decide(command)
        self._follow()
        return outcome

    def _decided(self, command: ClaimCommand) -> Claim | DomainError:
        outcome = super()._decided(command)
        self._follow()
        return outcome

    def _around(self) -> Surroundings:
        self.world.now = self.now
        self.ledger = self.world.ledger()
        shoppers = Shoppers(programmes=Programmes((self.version,)))
        return replace(super()._around(), points=self.ledger, shoppers=shoppers)

    def judge_exchange(
        self, command: Exchange, units: Mapping[int, int], charge: int
    ) -> Return | DomainError:
        """Exchange; what is paid by points is spent in the same breath as what goes follows."""
        outcome = super().judge_exchange(command, units, charge)
        if isinstance(outcome, DomainError):
            self._nothing_happened(self.ledger)
        else:
            self._follow(self.ledger)
        return outcome

    def _nothing_happened(self, ledger: Ledger) -> None:
        """What is refused spends no points."""
        before = self.world.ledger()
        for table in ("accounts", "lots", "orders", "spendings", "days", "entries"):
            assert getattr(ledger, table) == getattr(before, table), table

    def _follow(self, ledger: Ledger | None = None) -> None:
        """Have points follow the order's last change, as the shop does in the same transaction."""
        if self.seen.version == self.order.version and ledger is None:
            return
        self.world.now = self.now
        tier = self.world.account(ANN if self.owner == ANN else BO).tier
        ledger = ledger or self.world.ledger()
        since = len(ledger.entries)
        programmes = Programmes((self.version,))
        before, self.seen = self.seen, self.order
        followed(ledger, programmes, before, self.order, CATEGORIES, actor_id=STAFF.id, at=self.now)
        self._taken_in_order(ledger, ledger.entries[since:])
        self.world.keep(ledger)
        if self.order.loyalty_account:
            self.points.came_in(self.order, tier)

    def _taken_in_order(self, ledger: Ledger, entries: Sequence[Entry]) -> None:
        """See that other points were taken only when the order's own were not there, expired ones nowhere.

        What it earned for an account that stands by itself again is that account's.
        """
        root = self.world.root(self.world.ids[ANN])
        own = [
            lot for lot in ledger.lots_of(self.order_id) if self.world.root(lot.account_id) == root
        ]
        ids = {lot.id for lot in own}
        if any(one.type == "reversed" and one.lot_id not in ids for one in entries):
            assert all(lot.remaining == lot.held for lot in own)
            assert all(lot.absorbed == lot.expired for lot in own)

    def agree(self) -> None:
        """Compare what the order earned, spent and had back with what was reckoned by hand."""
        super().agree()
        order, record = self.order, self.world.orders.get(self.order_id)
        if record is None:
            assert not self.points.earned
            assert not any(tender.points for tender in order.tenders if order.loyalty_account)
            return
        clerk = self.points
        clerk.look(order)
        assert (record.earned_points, record.reversed_points) == (clerk.earned, clerk.reversed)
        assert record.qualifying_points == clerk.base - clerk.base_reversed
        parts = [part.points for part in record.parts if part.points]
        assert parts == [part.earned for part in clerk.parts if part.earned]
        for part in record.parts:
            assert sum(share.points for share in part.lines) == part.points
        for tender in order.tenders:
            if tender.points is not None:
                assert self._restored(tender.number) == owed_back(tender)
        if order.reward_points:
            # What replaces units has a discount of its own, which may round up; what is back stays back.
            self.reward_back = max(self.reward_back, reward_owed_back(order))
            assert self._restored(REWARD) == self.reward_back
        self.was_done |= order.fulfillment_status == "done"
        for lot in self.world.lots.values():
            if lot.order_id == order.id and lot.kind == "earned":
                assert self.was_done or lot.available_at is None
                assert order.fulfillment_status != "done" or lot.available_at is not None
        counted = sum(one.qualifying_points for one in self.world.orders.values())
        assert sum(day.qualifying for day in self.world.days.values()) == counted

    def _restored(self, number: int) -> int:
        return sum(
            one.points
            for one in self.world.entries
            if one.order_id == self.order_id
            and one.type == "restored"
            and one.tender_number == number
        )

    def nothing_is_left(self) -> None:
        """What was earned is taken back, and what was spent is there again: to the point."""
        super().nothing_is_left()
        record = self.world.orders.get(self.order_id)
        if record is None:
            return
        assert record.reversed_points == record.earned_points
        assert record.qualifying_points == 0
        spent = record.spent_points - record.restored_points
        # Of what went back another way, or did not, since shipping is kept, the points stay spent.
        assert spent == sum(
            tender.points - owed_back(tender)
            for tender in self.order.tenders
            if tender.points is not None and tender.back_minor < tender.amount_minor
        )
        own = [one for one in self.world.entries if one.order_id == self.order_id]
        changed = sum(one.lot_change - one.debt_change for one in own if one.type != "expired")
        absorbed = sum(one.points for one in own if one.type == "absorbed")
        assert changed == absorbed + record.forgiven_points - spent

    def claim_points(self, a: int, b: int, n: int) -> None:
        """Whoever bought without saying so has the order be theirs after all."""
        outcome = self.change(
            ClaimPoints(
                order_id=self.order_id,
                account_id=self.world.ids[self.owner],
                customer_id=UUID(CUSTOMER),
                **self.common,
            )
        )
        if isinstance(outcome, DomainError):
            assert outcome.code == "points_claimed_already"

    def months(self, a: int, b: int, n: int) -> None:
        """So much time passes that points expire."""
        self.now += timedelta(days=17 * n)

    def settle_points(self, a: int, b: int, n: int) -> None:
        """The job writes down what has expired; nobody has more or less by it."""
        self.world.now = self.now
        before = [self.world.account(name).balance_points for name in (ANN, BO)]
        self.world.do(lambda ledger: ledger.expire(STAFF.id))
        assert [self.world.account(name).balance_points for name in (ANN, BO)] == before

    def spend_elsewhere(self, a: int, b: int, n: int) -> None:
        """Another order of the same account spends what there is, or part of it."""
        if points := self.spendable * n // 8:
            self.world.spend(self.owner, points)

    def earn_elsewhere(self, a: int, b: int, n: int) -> None:
        """Another order of the same account earns: it repays what is owed."""
        self.world.now = self.now
        self.world.earn(self.owner, 11 * n, reached=b % 3 > 0)

    def return_elsewhere(self, a: int, b: int, n: int) -> None:
        """Another order of the same account comes back: what it earned may be spent, and is owed."""
        self.world.now = self.now
        for one in self.world.orders.values():
            points = one.earned_points - one.reversed_points
            if one.order_id != self.order_id and points:
                self.world.reverse(one.order_id, points)
                return

    def hold_points(self, a: int, b: int, n: int) -> None:
        """A checkout elsewhere promises points for a while."""
        if points := self.spendable * n // 8:
            hold(self.world, self.owner, points)

    def merge_accounts(self, a: int, b: int, n: int) -> None:
        """The account becomes part of another one, or stands by itself again."""
        self.world.now = self.now
        if self.merge is None:
            made = merged(self.world, ANN, BO)
            assert isinstance(made, Merge)
            self.merge = made
        else:
            assert isinstance(undone(self.world, self.merge), Merge)
            self.merge = None

    def review(self, a: int, b: int, n: int) -> None:
        """Somebody looks at points that wait for it, and lets them count."""
        self.world.now = self.now
        for one in self.world.reviews.values():
            if one.decision is None:
                decided(self.world, one, "approved")
                return

    def _paying(self, b: int, charge: int) -> tuple[TenderGiven, ...]:
        """Pay a charge as others do, or by points where there are enough."""
        per, each = self.world.programme.redeem_minor["EUR"], self.world.programme.redeem_points
        enough = self.spendable >= -(-charge * each // per)
        if b % 3 == 2 and charge and enough and self.order.loyalty_account:
            return (TenderGiven(type="points", amount_minor=charge, currency="EUR"),)
        return super()._paying(b, charge)

    def edit(self, a: int, b: int, n: int) -> None:
        """Open units are taken off, and others come in, dearer, cheaper or as dear."""
        found = self._open_line(a)
        if found is None:
            return
        line = found[1]
        units = {line.number: min(n, line.open_quantity)}
        wanted = self._wanted(a or 1, b, n, self.clerk.brings(units))
        off = self.clerk.brings(units)
        charge = max(0, sum(one.total_minor for one in self.costs(wanted)) - off)
        stays = line.quantity - line.cancelled_quantity - units[line.number]
        command = EditOrder(
            order_id=self.order_id,
            reason="any",
            quantities={line.number: stays},
            wanted=wanted,
            tenders=self._paying(b, charge),
            **self.common,
        )
        before, stood = self.books(), self.order
        around = replace(self._around(), accounts=self.desk.accounts, stock=self.desk.stock)
        outcome = edits.decide(around, stood, command)
        if isinstance(outcome, DomainError):
            assert outcome.code in {"insufficient_stock", "transition_refused"}, outcome
            assert self.books() == before, "what is refused changes nothing"
            self._nothing_happened(self.ledger)
            return
        self.desk.orders[self.order_id] = outcome
        for part in stood.fulfillments:
            if line in part.lines and part.state != "rejected":
                goods = line.sku, part.location, units[line.number], line.components
                self.clerk.move(*goods, away=["allocated"])
        self._edited(units, outcome.fulfillments[len(stood.fulfillments) :])
        self._follow(self.ledger)

    def _edited(self, units: Mapping[int, int], parts: Sequence[Fulfillment]) -> None:
        self._came_in(parts)
        self.clerk.edit(units, [line for part in parts for line in part.lines])


STEPS: Mapping[str, Callable[[Member, int, int, int], object]] = {
    **swap_steps.STEPS,
    **{
        step.__name__: step
        for step in (
            Member.claim_points,
            Member.months,
            Member.settle_points,
            Member.spend_elsewhere,
            Member.earn_elsewhere,
            Member.return_elsewhere,
            Member.hold_points,
            Member.merge_accounts,
            Member.review,
            Member.edit,
        )
    },
}
"""All that may happen to a member's order, and beside it."""
