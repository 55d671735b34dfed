"""Customers: one profile for all channels, found by whatever they are known by."""

import json
from typing import Any
from uuid import UUID

from omniretail.ids import new_id
from tests.callers import Retailer
from tests.customers.people import (
    PATH,
    card,
    email,
    external,
    found,
    made,
    phone,
    read,
    refusal,
    told,
    values,
)
from tests.orders.buying import HOME

ANN: dict[str, Any] = {
    "given_name": "Ann",
    "family_name": "Åkesson",
    "birth_date": "1990-02-28",
    "locale": "sv-SE",
    "customer_groups": ["staff", "vip"],
    "addresses": [HOME],
}


async def test_made_on_the_web_and_known_at_the_till(retailer: Retailer) -> None:
    """Given a customer of the web shop, when the till looks for her by anything, then there she is."""
    app = {"kind": "app", "issuer": "https://id.example.com", "value": "Sub|1"}
    ann = await made(
        retailer.web,
        email("Ann@Example.com"),
        phone("08-123 456 00", "SE"),
        card("lc 42-7"),
        external("CRM/1".replace("/", "-")),
        app,
        **ANN,
        consents=[{"purpose": "email_marketing", "granted": True, "source": "checkout"}],
    )

    assert (ann["version"], ann["status"], ann["channel"]) == (1, "active", "web")
    assert {name: ann[name] for name in ANN} == ANN
    assert sorted(values(ann)) == [
        ("app", "Sub|1"),
        ("email", "ann@example.com"),
        ("external_id", "CRM-1"),
        ("loyalty_card", "LC427"),
        ("phone", "+46812345600"),
    ]
    assert await read(retailer.till, ann) == ann
    for wanted in (
        email("ANN@EXAMPLE.COM"),
        phone("+46 8 123 456 00"),
        card("LC-427"),
        external("CRM-1"),
        app,
    ):
        assert await found(retailer.till, identity=wanted) == [ann["id"]]
    for wanted in (external("crm-1"), card("CRM1"), email("ben@example.com")):
        assert await found(retailer.till, identity=wanted) == []


async def test_what_happened_tells_no_personal_value(retailer: Retailer) -> None:
    ann = await made(retailer.web, email("ann@example.com"), card("LC1"), **ANN)
    path = f"{PATH}/{ann['id']}"
    await retailer.till.post(f"{path}/identities", phone("+46812345600"))
    await retailer.till.post(f"{path}/identity-removals", card("lc-1"))
    await retailer.office.send("PATCH", path, json={"family_name": "Öberg", "birth_date": None})
    await retailer.till.post(
        f"{path}/consents",
        {
            "consents": [
                {"purpose": "sms_marketing", "granted": True},
                {"purpose": "profiling", "granted": False, "source": "a letter by Ann"},
            ]
        },
    )
    await retailer.staff.post(f"{path}/notes", {"text": "likes Ann's blue"})

    events = await told(retailer.office, ann)

    fields = ["given_name", "family_name", "birth_date", "locale", "customer_groups", "addresses"]
    kinds = ["email", "loyalty_card"]
    assert events == [
        ("created", {"fields": fields, "identities": kinds, "consents": {}}),
        ("identity_added", {"kind": "phone"}),
        ("identity_removed", {"kind": "loyalty_card"}),
        ("changed", {"fields": ["family_name", "birth_date"]}),
        ("consent_given", {"purpose": "sms_marketing"}),
        ("consent_withdrawn", {"purpose": "profiling"}),
        ("note_added", {}),
    ]
    assert (await read(retailer.till, ann))["version"] == len(events)
    for secret in ("Ann", "ann@", "kesson", "berg", "LC1", "4681", "1990"):
        assert secret not in json.dumps(events, ensure_ascii=False)


async def test_what_somebody_is_known_by_is_theirs_alone(retailer: Retailer) -> None:
    """Given Ann's address and card, when Ben is given them, then he is refused, not told whose."""
    ann = await made(retailer.web, email("ann@example.com"), card("4711"))
    ben = await made(retailer.till, email("ben@example.com"))

    for identity in (email("ANN@example.com"), card("47-11"), external("4711")):
        for path, body in (
            (PATH, {"identities": [identity]}),
            (f"{PATH}/{ben['id']}/identities", identity),
        ):
            refused = await retailer.till.post(path, body)
            assert refusal(refused) == (409, "identity_taken")
            assert refused.json()["kind"] == identity["kind"]
            assert ann["id"] not in refused.text
            assert identity["value"].lower() not in refused.text
    both = await retailer.till.post(PATH, {"identities": [card("99"), external("99")]})
    assert refusal(both) == (409, "identity_taken")
    assert await read(retailer.till, ben) == ben

    path = f"{PATH}/{ann['id']}/identity-removals"
    assert (await retailer.till.post(path, card("4711"))).status_code == 200
    assert refusal(await retailer.till.post(path, card("4711"))) == (404, "unknown_identity")
    assert refusal(await retailer.till.post(path, email("ben@example.com"))) == (
        404,
        "unknown_identity",
    )
    moved = await retailer.till.post(f"{PATH}/{ben['id']}/identities", external("4711"))
    assert values(moved.json()) == [("email", "ben@example.com"), ("external_id", "4711")]


async def test_several_addresses_and_numbers_are_one_person(retailer: Retailer) -> None:
    """Knowing somebody by the same again changes nothing; there is an end of it."""
    ann = await made(retailer.web, email("a@example.com"), email("b@example.com"))
    path = f"{PATH}/{ann['id']}/identities"
    same = await retailer.web.post(path, email("A@EXAMPLE.COM"))
    assert (same.status_code, same.json()["version"]) == (201, 1)
    for number in range(48):
        assert (await retailer.web.post(path, email(f"e{number}@example.com"))).is_success
    assert refusal(await retailer.web.post(path, email("more@example.com"))) == (
        409,
        "customer_too_large",
    )
    assert (await read(retailer.web, ann))["version"] == 49


async def test_a_profile_changes_as_it_was_read(retailer: Retailer) -> None:
    """Given two who edit one profile, when the second has not seen the first, then it is refused."""
    ann = await made(retailer.web, **ANN)
    path = f"{PATH}/{ann['id']}"

    async def change(**options: Any) -> Any:
        return await retailer.till.send("PATCH", path, **options)

    first = await change(json={"given_name": "Anna"}, headers={"If-Match": '"1"'})
    stale = await change(json={"given_name": "Annie"}, headers={"If-Match": '"1"'})
    emptied = await change(json={"locale": None, "addresses": [], "customer_groups": []})
    same = await change(json={"given_name": "Anna"})

    assert first.status_code == 200
    assert first.headers["etag"] == '"2"'
    assert refusal(stale) == (412, "stale_version")
    assert emptied.json() | {"updated_at": ""} == ann | {
        "given_name": "Anna",
        "locale": None,
        "addresses": [],
        "customer_groups": [],
        "version": 3,
        "updated_at": "",
    }
    assert same.json() == emptied.json() == await read(retailer.web, ann)
    assert refusal(await change(json={}, headers={"If-Match": "x"})) == (400, "invalid")
    late = await change(json={"birth_date": "2999-01-01"})
    assert late.json()["errors"][0]["pointer"] == "/birth_date"
    half = await change(json={"addresses": [HOME, HOME | {"latitude": 1, "longitude": None}]})
    assert half.json()["errors"][0]["pointer"] == "/addresses/1/longitude"


async def test_of_each_purpose_the_latest_decision_counts(retailer: Retailer) -> None:
    """Given a till that was offline, when its older consent comes in, then the later word stands."""
    ann = await made(retailer.web)
    path = f"{PATH}/{ann['id']}/consents"

    async def decide(caller: Any, granted: bool, at: str) -> dict[str, Any]:
        one = {"purpose": "email_marketing", "granted": granted, "decided_at": at}
        answer = await caller.post(path, {"consents": [one]})
        assert answer.status_code == 201, answer.text
        (current,) = answer.json()["consents"]
        return {"granted": current["granted"], "channel": current["channel"]}

    assert await decide(retailer.web, True, "2026-01-02T10:00:00+01:00") == {
        "granted": True,
        "channel": "web",
    }
    assert (await decide(retailer.till, False, "2026-01-02T09:00:01Z"))["granted"] is False
    late = await decide(retailer.web, True, "2026-01-02T09:00:00.5Z")
    assert late == {"granted": False, "channel": "pos"}
    assert (await read(retailer.till, ann))["consents"][0]["granted"] is False

    history = (await retailer.till.get(path, limit=2)).json()
    rest = (await retailer.till.get(path, limit=2, cursor=history["next_cursor"])).json()
    assert [one["granted"] for one in history["items"] + rest["items"]] == [True, False, True]
    assert rest["next_cursor"] is None
    ahead = {"purpose": "profiling", "granted": True, "decided_at": "2999-01-01T00:00:00Z"}
    refused = await retailer.web.post(path, {"consents": [ahead]})
    assert refused.json()["errors"][0]["pointer"] == "/consents/0/decided_at"


async def test_purposes_come_to_an_end(retailer: Retailer) -> None:
    ann = await made(retailer.web)
    path = f"{PATH}/{ann['id']}/consents"
    many = [{"purpose": f"p{number}", "granted": True} for number in range(50)]
    assert (await retailer.web.post(path, {"consents": many})).status_code == 201
    one = {"purpose": "q", "granted": True}
    refused = await retailer.web.post(path, {"consents": [one]})
    assert refusal(refused) == (409, "customer_too_large")
    assert (await read(retailer.web, ann))["version"] == 51


async def test_notes_are_read_the_latest_first(retailer: Retailer) -> None:
    ann = await made(retailer.web)
    path = f"{PATH}/{ann['id']}/notes"
    for text in ("one", "two", "three"):
        assert (await retailer.staff.post(path, {"text": text})).status_code == 201
    first = (await retailer.till.get(path, limit=2)).json()
    rest = (await retailer.till.get(path, limit=2, cursor=first["next_cursor"])).json()
    assert [note["text"] for note in first["items"] + rest["items"]] == ["three", "two", "one"]
    assert rest["next_cursor"] is None


async def test_found_by_how_a_name_begins(retailer: Retailer) -> None:
    """In any case of letters, in the order of names; each page goes on where the last one ended."""
    people = [
        (await made(retailer.web, given_name=f"{number}", family_name=name))["id"]
        for number, name in enumerate(
            ("Müller", "MÜLLER", "Muller", "müller-Lüdenscheidt", "Maier", "100%", "%", "Müller")
        )
    ]
    await made(retailer.web, given_name="Müller")

    async def names(beginning: str) -> list[int]:
        cursor, seen = None, []
        while True:
            body = {"name": beginning, "limit": 2} | ({"cursor": cursor} if cursor else {})
            answer = (await retailer.till.ask(f"{PATH}/searches", body)).json()
            seen += [people.index(one["id"]) for one in answer["items"]]
            cursor = answer["next_cursor"]
            if cursor is None:
                return seen

    assert await names("mü") == [0, 1, 7, 3]
    assert await names("MÜLLER-") == [3]
    assert await names("m") == [4, 2, 0, 1, 7, 3]
    assert await names("%") == [6]
    assert await names("_") == []
    assert await names("\U0010ffff") == []


async def test_a_search_names_one_thing(retailer: Retailer) -> None:
    for body in ({}, {"name": "x", "identity": email("ann@example.com")}):
        answer = await retailer.till.ask(f"{PATH}/searches", body)
        assert answer.json()["errors"][0]["pointer"] == "/identity"
    wrong = await retailer.till.ask(f"{PATH}/searches", {"identity": email("ann")})
    assert wrong.json()["errors"][0]["pointer"] == "/identity/value"


async def test_listed_the_latest_first(retailer: Retailer) -> None:
    ids = [(await made(retailer.web))["id"] for _ in range(5)]
    cursor, seen = None, []
    while True:
        query = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        answer = (await retailer.till.get(PATH, **query)).json()
        seen += [one["id"] for one in answer["items"]]
        cursor = answer["next_cursor"]
        if cursor is None:
            break
    assert seen == ids[::-1]


async def test_who_is_nobody(retailer: Retailer) -> None:
    nobody = f"{PATH}/{UUID(int=7)}"
    for part in ("", "/timeline", "/consents", "/notes"):
        assert refusal(await retailer.till.get(nobody + part)) == (404, "unknown_customer")


async def test_who_was_merged_or_erased_stands_but_changes_no_more(retailer: Retailer) -> None:
    ann, guest, gone = [await made(retailer.web, given_name="x") for _ in range(3)]
    async with retailer.process.database.transaction() as tx:
        await tx.execute(
            "update customer set status = 'merged', merged_into = $1 where id = $2",
            UUID(ann["id"]),
            UUID(guest["id"]),
        )
        await tx.execute(
            "update customer set status = 'erased', given_name = null where id = $1",
            UUID(gone["id"]),
        )

    assert await read(retailer.web, guest) == guest | {
        "status": "merged",
        "merged_into": ann["id"],
    }
    assert (await read(retailer.web, gone))["given_name"] is None
    for closed, status in ((guest, "merged"), (gone, "erased")):
        path = f"{PATH}/{closed['id']}"
        answers = [
            await retailer.web.post(f"{path}/notes", {"text": "x"}),
            await retailer.web.post(f"{path}/identities", email("x@example.com")),
            await retailer.web.send("PATCH", path, json={"given_name": "y"}),
        ]
        for answer in answers:
            assert refusal(answer) == (409, "customer_closed")
            assert answer.json()["status"] == status
            assert answer.json()["merged_into"] == (ann["id"] if closed is guest else None)
    assert str(new_id()) not in answers[0].text
