"""What may be wrong with a loyalty programme as it is stated. Pure.

Each fault points into the body that a programme arrives in; a currency's place is that of its amount.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from itertools import chain
from zoneinfo import available_timezones

from omniretail.errors import Invalid
from omniretail.loyalty.programme import EarnRule, Programme
from omniretail.money import MILLION, is_currency

Faults = Iterator[tuple[str, str]]
"""Where a fault is, and what is wrong there."""

MOST_POINTS = 10**9
"""The most points that a programme may speak of in one place."""
MOST_AMOUNT_MINOR = 10**12
"""The largest amount that points may be given for, or pay."""
MOST_PERCENT = 10_000
MOST_RULES = 100
MOST_TIERS = 20
MOST_REWARDS = 200
MOST_CURRENCIES = 50
MOST_CODES = 1_000
"""How many SKUs and categories the programme may exclude, and how many a rule may name."""
MOST_MONTHS = 600
MOST_DAYS = 3_650
MOST_HOLD_SECONDS = 86_400
MOST_MEMBERS = 100
CALENDAR_MONTHS = (1, 2, 3, 4, 6, 12)
"""How long a period of the calendar can be, so that one begins each January."""
FIRST = datetime(1900, 1, 1, tzinfo=UTC)
LAST = datetime(9999, 1, 1, tzinfo=UTC)


def programme_fault(programme: Programme) -> Invalid | None:
    """Return what is wrong with a programme, each fault with its pointer, or None."""
    found = [{"pointer": pointer, "detail": detail} for pointer, detail in faults(programme)]
    if not found:
        return None
    return Invalid(found[0]["detail"], errors=found[:100])


def faults(programme: Programme) -> Faults:
    """Yield each thing that is wrong with a programme."""
    finds = (_zone_faults, _number_faults, _rate_faults, _rule_faults, _tier_faults, _reward_faults)
    return chain.from_iterable(find(programme) for find in finds)


def _zone_faults(programme: Programme) -> Faults:
    if programme.zone not in _zones():
        yield "/programme/time_zone", f"{programme.zone!r} is not a zone of the IANA database"
    if not programme.name.strip():
        yield "/programme/name", "A programme has a name"


def _number_faults(programme: Programme) -> Faults:
    for pointer, number, least, most in (
        ("/programme/earn/pending_days", programme.pending_days, 0, MOST_DAYS),
        ("/programme/earn/most_a_day", programme.most_earned_a_day, 1, MOST_POINTS),
        ("/programme/earn/late_claim_days", programme.late_claim_days, 0, MOST_DAYS),
        ("/programme/redeem/least", programme.least_redeemed, 1, MOST_POINTS),
        ("/programme/redeem/web_hold_seconds", programme.web_hold_seconds, 1, MOST_HOLD_SECONDS),
        ("/programme/redeem/till_hold_seconds", programme.till_hold_seconds, 1, MOST_HOLD_SECONDS),
        ("/programme/redeem/restored_days", programme.restored_days, 0, MOST_DAYS),
        ("/programme/redeem/most_a_day", programme.most_redemptions_a_day, 1, MOST_POINTS),
        ("/programme/lifetime_months", programme.lifetime_months, 1, MOST_MONTHS),
        ("/programme/gift_hours", programme.gift_hours, 0, 24 * MOST_DAYS),
        ("/programme/expected_redemption_ppm", programme.expected_redemption_ppm, 0, MILLION),
        ("/programme/most_members", programme.most_members, 1, MOST_MEMBERS),
        ("/programme/tier_period/months", programme.tier_months, 1, MOST_MONTHS),
    ):
        if number is not None and not least <= number <= most:
            yield pointer, f"It is between {least:,} and {most:,}"
    if programme.tier_period == "calendar" and programme.tier_months not in CALENDAR_MONTHS:
        yield (
            "/programme/tier_period/months",
            "A period of the calendar has 1, 2, 3, 4, 6 or 12 months",
        )


def _rate_faults(programme: Programme) -> Faults:
    yield from _points_faults("/programme/earn/points", programme.points)
    yield from _amount_faults("/programme/earn/per", programme.per_minor)
    yield from _points_faults("/programme/redeem/points", programme.redeem_points)
    yield from _amount_faults("/programme/redeem/for", programme.redeem_minor)
    yield from _code_faults(
        "/programme/earn/excluded_skus", programme.excluded_skus, programme.excluded_categories
    )


def _rule_faults(programme: Programme) -> Faults:
    yield from _repeated(
        "/programme/earn/rules", [rule.code for rule in programme.rules], MOST_RULES
    )
    tiers = {tier.code for tier in programme.tiers}
    for number, rule in enumerate(programme.rules):
        pointer = f"/programme/earn/rules/{number}"
        if rule.code in ("base", "tier"):
            yield f"{pointer}/code", f"{rule.code} is what the programme's own rate is called"
        if not rule.tiers <= tiers:
            unknown = ", ".join(sorted(rule.tiers - tiers))
            yield f"{pointer}/tiers", f"The programme has no such tier: {unknown}"
        yield from _code_faults(f"{pointer}/skus", rule.skus, rule.categories)
        yield from _kind_faults(pointer, rule)
        yield from _validity_faults(pointer, rule)


def _kind_faults(pointer: str, rule: EarnRule) -> Faults:
    if rule.kind == "multiplier":
        if not 101 <= rule.percent <= MOST_PERCENT:
            yield f"{pointer}/percent", f"It is between 101 and {MOST_PERCENT:,}"
    elif rule.percent != 100:
        yield f"{pointer}/percent", "Only a multiplier has one"
    if rule.kind != "multiplier":
        yield from _points_faults(f"{pointer}/points", rule.points)
    elif rule.points:
        yield f"{pointer}/points", "A multiplier has none of its own"
    if rule.kind == "rate":
        yield from _amount_faults(f"{pointer}/per", rule.per_minor)
    elif rule.per_minor:
        yield f"{pointer}/per", "Only a rate is for amounts"


def _validity_faults(pointer: str, rule: EarnRule) -> Faults:
    for name, moment in (("valid_from", rule.valid_from), ("valid_to", rule.valid_to)):
        if moment is not None and not FIRST <= moment <= LAST:
            yield f"{pointer}/{name}", "A time is between the years 1900 and 9999"
    if rule.valid_from is not None and rule.valid_to is not None:  # noqa: SIM102 - reads better
        if rule.valid_from >= rule.valid_to:
            yield f"{pointer}/valid_to", "It ends before it begins"


def _tier_faults(programme: Programme) -> Faults:
    yield from _repeated("/programme/tiers", [tier.code for tier in programme.tiers], MOST_TIERS)
    below = 0
    for number, tier in enumerate(programme.tiers):
        pointer = f"/programme/tiers/{number}"
        if not 1 <= tier.qualifying <= MOST_POINTS:
            yield f"{pointer}/qualifying", f"It is between 1 and {MOST_POINTS:,}"
        elif tier.qualifying <= below:
            yield f"{pointer}/qualifying", "Each tier begins above the last"
        if not 100 <= tier.percent <= MOST_PERCENT:
            yield f"{pointer}/percent", f"It is between 100 and {MOST_PERCENT:,}"
        below = tier.qualifying


def _reward_faults(programme: Programme) -> Faults:
    codes = [reward.code for reward in programme.rewards]
    yield from _repeated("/programme/redeem/rewards", codes, MOST_REWARDS)
    for number, reward in enumerate(programme.rewards):
        yield from _points_faults(f"/programme/redeem/rewards/{number}/points", reward.points)


def _repeated(pointer: str, codes: list[str], most: int) -> Faults:
    if len(codes) > most:
        yield pointer, f"There are {most:,} at most"
    seen: set[str] = set()
    for number, code in enumerate(codes):
        if code in seen:
            yield f"{pointer}/{number}/code", f"{code} is named above"
        seen.add(code)


def _points_faults(pointer: str, points: int) -> Faults:
    if not 1 <= points <= MOST_POINTS:
        yield pointer, f"It is between 1 and {MOST_POINTS:,}"


def _amount_faults(pointer: str, amounts: Mapping[str, int]) -> Faults:
    if not 1 <= len(amounts) <= MOST_CURRENCIES:
        yield pointer, f"Name 1 to {MOST_CURRENCIES} currencies"
    for number, (currency, amount_minor) in enumerate(amounts.items()):
        if not is_currency(currency):
            yield f"{pointer}/{number}/currency", f"{currency} is not a currency of ISO 4217"
        if not 1 <= amount_minor <= MOST_AMOUNT_MINOR:
            yield f"{pointer}/{number}/amount", f"It is between 1 and {MOST_AMOUNT_MINOR:,}"


def _code_faults(pointer: str, skus: Collection[str], categories: Collection[str]) -> Faults:
    if len(skus) + len(categories) > MOST_CODES:
        yield pointer, f"There are at most {MOST_CODES:,} SKUs and categories"


@cache
def _zones() -> set[str]:
    # Listing them reads a directory tree.
    return available_timezones()
