"""Sealing a PIN and counting wrong tries: rules without a database."""

from datetime import UTC, datetime, timedelta

import pytest

from omniretail.channels import (
    LOCKED_FOR,
    MOST_WRONG_TRIES,
    ApprovalLocked,
    ApprovalRefused,
    hash_pin,
    seal_pin,
)
from omniretail.channels.pins import Tries, after_try
from omniretail.errors import Invalid

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def test_a_sealed_pin_is_known_again() -> None:
    sealed = seal_pin("4711")

    assert hash_pin("4711", sealed.salt) == sealed.pin_hash
    assert hash_pin("4712", sealed.salt) != sealed.pin_hash


def test_two_who_chose_the_same_pin_have_nothing_in_common() -> None:
    one, other = seal_pin("4711"), seal_pin("4711")

    assert one.salt != other.salt
    assert one.pin_hash != other.pin_hash


@pytest.mark.parametrize("pin", ["", "123", "1" * 13, "12a4", "12 34", "4711\n", "١٢٣٤", "-4711"])
def test_what_is_no_pin(pin: str) -> None:
    with pytest.raises(Invalid):
        seal_pin(pin)


def test_five_wrong_tries_lock() -> None:
    tries, left = Tries(), []
    for _ in range(MOST_WRONG_TRIES):
        tries, refusal = after_try(tries, fits=False, now=NOON)
        assert isinstance(refusal, ApprovalRefused)
        left.append(refusal.fields["tries_left"])

    assert left == [4, 3, 2, 1, 0]
    assert tries == Tries(locked_until=NOON + LOCKED_FOR)


@pytest.mark.parametrize("fits", [True, False])
def test_while_it_is_locked_no_try_counts_and_none_is_right(fits: bool) -> None:
    locked = Tries(locked_until=NOON + MINUTE)

    after, refusal = after_try(locked, fits=fits, now=NOON)

    assert isinstance(refusal, ApprovalLocked)
    assert refusal.fields == {"locked_until": "2026-03-01T12:01:00+00:00"}
    assert after == locked


def test_once_the_lock_is_over_there_are_five_tries_again() -> None:
    locked = Tries(locked_until=NOON)

    after, refusal = after_try(locked, fits=False, now=NOON)

    assert after == Tries(wrong=1)
    assert isinstance(refusal, ApprovalRefused)


def test_the_right_pin_forgets_the_wrong_ones() -> None:
    for tries in (Tries(), Tries(wrong=4), Tries(locked_until=NOON)):
        assert after_try(tries, fits=True, now=NOON) == (Tries(), None)
