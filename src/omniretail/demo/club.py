"""The demo's customers, and their loyalty programme: silver and gold, a reward, households, a gift.

Nobody of them lives: their numbers are those that Germany keeps free for films, their addresses those
of no mailbox.
"""

import unicodedata
from datetime import datetime

from omniretail import channels, customers, loyalty, pricing
from omniretail.db import Transaction
from omniretail.demo.outcomes import all_good
from omniretail.idempotency import Key
from omniretail.ids import new_id

REWARD = "FIVE-OFF"
REWARD_MINOR = 500
"""What the reward takes off an order."""
_COUPON = "CLUB-FIVE"
_OPENING_POINTS = 1200
_GIFT_POINTS = 150

_PROGRAMME = loyalty.Programme(
    name="Demo club",
    zone="Europe/Amsterdam",
    per_minor={"EUR": 100},
    redeem_minor={"EUR": 100},
    rewards=(loyalty.Reward(code=REWARD, name="Five euro off", points=400, coupon=_COUPON),),
    tiers=(
        loyalty.Tier(code="silver", name="Silver", qualifying=100, customer_group="silver"),
        loyalty.Tier(code="gold", name="Gold", qualifying=250, percent=150, customer_group="gold"),
    ),
    most_earned_a_day=200,
)
_OFF = pricing.Promotion(
    code=_COUPON,
    name="Five euro off, for points",
    action=pricing.Amount(amount_minor=REWARD_MINOR, level="order"),
    currency="EUR",
    coupon_only=True,
)

# Each shares an account; the first household's first card is CLUB1001, and so on.
_HOUSEHOLDS = (
    ("Visser", "Emma", "Daan", "Sophie", "Lucas"),
    ("Huber", "Mara", "Jonas"),
    ("Laurent", "Chloé", "Mathis"),
    ("Brandt", "Lena", "Felix"),
    ("de Vries", "Noor", "Sem"),
    ("Moreau", "Inès", "Hugo"),
    ("Gruber", "Anna", "Paul"),
    ("Jansen", "Fleur", "Bram"),
    ("Öztürk", "Elif", "Kerem"),
    ("Novak", "Petra", "Tomas"),
    ("Bakker", "Julia"),
    ("Steiner", "Clara"),
    ("Dubois", "Léa"),
    ("Schäfer", "Tim"),
    ("Mulder", "Lotte"),
    ("Rossi", "Giulia"),
    ("Wagner", "Ben"),
    ("Petit", "Jules"),
    ("Smit", "Milan"),
    ("Fischer", "Nele"),
    ("Garcia", "Lucía"),
    ("Meijer", "Tess"),
    ("Bauer", "Max"),
    ("Lefèvre", "Manon"),
    ("Koch", "Ida"),
    ("Hendriks", "Luuk"),
    ("Santos", "Rita"),
    ("Yilmaz", "Deniz"),
)


def card(number: int) -> str:
    """Return the loyalty card of a customer, the first one's being that of number 1."""
    return f"CLUB{1000 + number}"


async def load(
    tx: Transaction, principal: channels.Principal, opened: datetime, now: datetime
) -> None:
    """Open the club: its programme and reward, its customers and their accounts, and a gift of today."""
    await _programme(tx, principal, opened)
    people = await _people(tx, principal, opened)
    accounts = [new_id() for _ in _HOUSEHOLDS]
    commands: list[loyalty.AccountCommand] = [
        loyalty.OpenAccount(
            key=Key(principal.id, f"demo-account-{number}", b""),
            principal=principal,
            account_id=account_id,
            members=tuple(one.id for one in members),
        )
        for number, (account_id, members) in enumerate(zip(accounts, people, strict=True))
    ]
    commands += [
        loyalty.AdjustPoints(
            key=Key(principal.id, f"demo-points-{number}", b""),
            principal=principal,
            account_id=account_id,
            points=_OPENING_POINTS,
            reason="moved here from the stamp cards",
        )
        for number, account_id in enumerate(accounts)
        if number % 2 == 0
    ]
    all_good(await loyalty.change_accounts(tx, commands, now=opened))
    gift = loyalty.GivePoints(
        key=Key(principal.id, "demo-gift", b""),
        principal=principal,
        gift_id=new_id(),
        from_account_id=accounts[0],
        to_account_id=accounts[1],
        points=_GIFT_POINTS,
    )
    all_good(await loyalty.change_gifts(tx, [gift], now=now))


async def _programme(tx: Transaction, principal: channels.Principal, now: datetime) -> None:
    await pricing.put_promotion(tx, _OFF, now=now)
    coupon = pricing.Coupon(code=_COUPON, promotion=_OFF.code)
    all_good(await pricing.put_coupons(tx, [coupon], now=now))
    command = loyalty.AddProgramme(
        key=Key(principal.id, "demo-programme", b""), principal=principal, programme=_PROGRAMME
    )
    all_good(await loyalty.add_programmes(tx, [command], now=now))


async def _people(
    tx: Transaction, principal: channels.Principal, now: datetime
) -> list[list[customers.Customer]]:
    """Make the customers, and return them by household."""
    commands: list[customers.CreateCustomer] = []
    for family_name, *household in _HOUSEHOLDS:
        for given_name in household:
            commands.append(_person(principal, len(commands) + 1, given_name, family_name))
    made = iter(all_good(await customers.change_customers(tx, commands, now=now)))
    return [[next(made).value for _ in household] for _, *household in _HOUSEHOLDS]


def _person(
    principal: channels.Principal, number: int, given_name: str, family_name: str
) -> customers.CreateCustomer:
    mailbox = f"{_plain(given_name)}.{_plain(family_name)}@example.com"
    return customers.CreateCustomer(
        key=Key(principal.id, f"demo-customer-{number}", b""),
        actor_id=principal.id,
        channel=None,
        customer_id=new_id(),
        profile=customers.Profile(given_name=given_name, family_name=family_name),
        identities=(
            customers.kept_identity("loyalty_card", card(number)),
            customers.kept_identity("external_id", f"CRM-{1000 + number}"),
            customers.kept_identity("email", mailbox),
            customers.kept_identity("phone", f"+49 171 39200{number:02}"),
        ),
    )


def _plain(name: str) -> str:
    """Return a name as a mailbox has it."""
    letters = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in letters if letter.isascii() and letter.isalpha())
