"""Customers among many, over real connections, to two server processes: one person is made once."""

import asyncio
from collections import Counter

import httpx

from tests.callers import Retailer
from tests.customers.people import PATH, card, email, external, found, made, read, values
from tests.live import Live


def statuses(answers: list[httpx.Response]) -> dict[int, int]:
    return dict(Counter(answer.status_code for answer in answers))


async def test_one_address_signs_up_at_once(retailer: Retailer, live: Live) -> None:
    """Given one address, when many make a customer of it at once, then there is one, and who is it."""
    web, till = live.caller(retailer.web), live.caller(retailer.till)
    for number in range(5):
        body = {"identities": [email(f"ann{number}@example.com"), card(f"LC{number}")]}
        other = {"identities": [external(f"LC{number}"), email(f"Ann{number}@example.com")]}

        answers = await asyncio.gather(
            *(
                caller.post(PATH, wanted)
                for _ in range(4)
                for caller in (web, till)
                for wanted in (body, other)
            )
        )

        assert statuses(answers) == {201: 1, 409: 15}
        (one,) = (answer.json() for answer in answers if answer.status_code == 201)
        for answer in answers:
            if answer.status_code == 409:
                assert answer.json()["type"] == "/problems/identity_taken"
        assert await found(web, identity=email(f"ann{number}@example.com")) == [one["id"]]


async def test_one_card_goes_to_one_of_many_at_once(retailer: Retailer, live: Live) -> None:
    """Given two customers, when both are given one card, and changed besides, then nothing is lost."""
    web, till = live.caller(retailer.web), live.caller(retailer.till)
    pair = [await made(web), await made(till)]

    answers = await asyncio.gather(
        *(
            caller.post(f"{PATH}/{one['id']}/identities", card("42"))
            for one in pair
            for caller in (web, till)
        ),
        *(
            caller.post(f"{PATH}/{one['id']}/notes", {"text": f"{number}"})
            for number in range(10)
            for one in pair
            for caller in (web, till)
        ),
        *(
            caller.post(f"{PATH}/{one['id']}/identities", email(f"{number}@{place}.example"))
            for number in range(5)
            for place, one in enumerate(pair)
            for caller in (web, till)
        ),
    )

    # Whom it went to is told so again; the other one is refused.
    assert statuses(answers[:4]) == {201: 2, 409: 2}
    assert statuses(answers[4:]) == {201: 60}
    stand = [await read(web, one) for one in pair]
    assert sorted(one["version"] for one in stand) == [26, 27]
    owners = [one for one in stand if ("loyalty_card", "42") in values(one)]
    assert [one["version"] for one in owners] == [27]
