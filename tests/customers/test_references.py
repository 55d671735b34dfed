"""Whom an order's customer names: by id, external id or loyalty card; merged ones lead on."""

from datetime import UTC, datetime
from uuid import UUID

from omniretail import customers, idempotency
from omniretail.customers import Identity, Known
from omniretail.db import Database, Transaction
from omniretail.errors import DomainError
from omniretail.ids import new_id

NOW = datetime(2026, 3, 1, tzinfo=UTC)
_ACTOR = UUID(int=9)


def create(
    *identities: Identity, groups: tuple[str, ...] = (), key: str = ""
) -> customers.CreateCustomer:
    made = new_id()
    return customers.CreateCustomer(
        key=idempotency.Key(_ACTOR, key or str(made), b"x"),
        actor_id=_ACTOR,
        channel="web",
        customer_id=made,
        profile=customers.Profile(customer_groups=groups),
        identities=identities,
    )


async def change(
    database: Database, *commands: customers.KeyedCommand
) -> list[customers.Customer | DomainError]:
    answers = await database.run(lambda tx: customers.change_customers(tx, commands, now=NOW))
    return [one.value if isinstance(one, idempotency.Answer) else one for one in answers]


async def known(database: Database, *references: str) -> dict[str, Known]:
    async def read(tx: Transaction) -> dict[str, Known]:
        (found,) = await tx.read(customers.customers_by_reference(references))
        return found  # type: ignore[no-any-return]

    return await database.run(read)


async def test_a_reference_is_an_id_an_external_id_or_a_card(database: Database) -> None:
    ann = create(
        Identity("external_id", "CRM 1"), Identity("loyalty_card", "LC42"), groups=("vip", "b2b")
    )
    ben = create(Identity("email", "ben@example.com"))
    await change(database, ann, ben)

    found = await known(
        database,
        *(str(ann.customer_id), str(ben.customer_id).upper(), ben.customer_id.hex),
        *("CRM 1", "crm 1", "LC42", "lc-4 2", "ben@example.com", "nobody", str(new_id())),
    )

    one = Known(id=ann.customer_id, groups=frozenset({"vip", "b2b"}), status="active")
    other = Known(id=ben.customer_id, groups=frozenset(), status="active")
    assert found == {
        str(ann.customer_id): one,
        "CRM 1": one,
        "LC42": one,
        "lc-4 2": one,
        str(ben.customer_id).upper(): other,
        ben.customer_id.hex: other,
    }
    assert await known(database) == {}


async def test_what_is_several_is_the_id_then_the_external_id(database: Database) -> None:
    ann = create()
    ben = create(Identity("external_id", str(ann.customer_id)))
    cleo = create(Identity("external_id", "4-2"))
    dora = create(Identity("loyalty_card", "42"))
    await change(database, ann, ben, cleo, dora)

    found = await known(database, str(ann.customer_id), "4-2", "42", "4 2")

    assert {reference: one.id for reference, one in found.items()} == {
        str(ann.customer_id): ann.customer_id,
        "4-2": cleo.customer_id,
        "42": dora.customer_id,
        "4 2": dora.customer_id,
    }


async def test_merged_ones_lead_on_and_erased_ones_nowhere(database: Database) -> None:
    ann, guest, gone = create(groups=("vip",)), create(groups=("old",)), create()
    await change(database, ann, guest, gone)
    async with database.transaction() as tx:
        merged = "update customer set status = 'merged', merged_into = $1 where id = $2"
        await tx.execute(merged, ann.customer_id, guest.customer_id)
        await tx.execute("update customer set status = 'erased' where id = $1", gone.customer_id)

    found = await known(database, str(guest.customer_id), str(gone.customer_id))

    assert found == {
        str(guest.customer_id): Known(
            id=ann.customer_id, groups=frozenset({"vip"}), status="active"
        )
    }


async def test_commands_of_one_batch_see_each_other(database: Database) -> None:
    """First come, first served: what one gave up, the next may have; what one took, the next may not."""
    card, mail = Identity("loyalty_card", "42"), Identity("email", "ann@example.com")
    ann, ben = create(card, mail), create()
    await change(database, ann, ben)

    def add(who: customers.CreateCustomer, identity: Identity) -> customers.AddIdentity:
        return customers.AddIdentity(
            key=idempotency.Key(_ACTOR, str(new_id()), b"x"),
            actor_id=_ACTOR,
            channel=None,
            customer_id=who.customer_id,
            identity=identity,
        )

    def remove(who: customers.CreateCustomer, identity: Identity) -> customers.RemoveIdentity:
        return customers.RemoveIdentity(
            key=idempotency.Key(_ACTOR, str(new_id()), b"x"),
            actor_id=_ACTOR,
            channel=None,
            customer_id=who.customer_id,
            identity=identity,
        )

    cleo = create(Identity("external_id", "7"))
    outcomes = await change(
        database,
        remove(ann, card),
        add(ben, card),
        add(ann, card),
        remove(ann, mail),
        add(ann, mail),
        cleo,
        add(cleo, Identity("phone", "+4930901820")),
        create(Identity("loyalty_card", "7")),
    )

    refused = [number for number, one in enumerate(outcomes) if isinstance(one, DomainError)]
    assert refused == [2, 7]
    found = await known(database, "42", "7")
    assert {reference: one.id for reference, one in found.items()} == {
        "42": ben.customer_id,
        "7": cleo.customer_id,
    }
    async with database.transaction() as tx:
        (stored,) = await tx.read(
            customers.customers_by_id([ann.customer_id, ben.customer_id, cleo.customer_id])
        )
    assert {one.id: one.version for one in stored.values()} == {
        ann.customer_id: 4,
        ben.customer_id: 2,
        cleo.customer_id: 2,
    }
    latest = {one.id: one for one in outcomes if isinstance(one, customers.Customer)}
    assert stored == latest


async def test_a_key_names_one_customer(database: Database) -> None:
    first = create(Identity("email", "ann@example.com"), key="k")
    again = create(Identity("email", "ann@example.com"), key="k")

    one, two = await change(database, first, again)
    (three,) = await change(database, again)

    assert isinstance(one, customers.Customer)
    assert one.id == first.customer_id
    assert one == two == three
