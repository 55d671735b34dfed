"""Counting tasks: counted without being told, booked within a threshold, reviewed by somebody else."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from omniretail import clock
from omniretail.inventory.count_task import LineState, TaskState, state_of
from tests.callers import Caller, Retailer

PATH = "/v1/stock/count-tasks"


def ago(**time: float) -> str:
    """A moment before now, on the wire."""
    return (clock.now() - timedelta(**time)).isoformat()


def refused(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].removeprefix("/problems/")


async def assign(retailer: Retailer, *skus: str, **more: Any) -> dict[str, Any]:
    """The office has some SKUs counted in S1."""
    body = {"location": "S1", "skus": list(skus), **more}
    answer = await retailer.office.post(PATH, body)
    assert answer.status_code == 201, answer.text
    task: dict[str, Any] = answer.json()
    return task


def found(line: int, quantity: int, **more: Any) -> dict[str, Any]:
    return {"line": line, "quantity": quantity, **more}


async def counted(caller: Caller, task: dict[str, Any], *lines: dict[str, Any]) -> Any:
    return await caller.post(f"{PATH}/{task['id']}/counts", {"lines": list(lines)})


async def reviewed(
    caller: Caller, task: dict[str, Any], *decisions: tuple[int, str], **more: Any
) -> Any:
    lines = [{"line": line, "decision": decision} for line, decision in decisions]
    return await caller.post(f"{PATH}/{task['id']}/review", {"lines": lines, **more})


async def closed(caller: Caller, task: dict[str, Any]) -> Any:
    return await caller.post(f"{PATH}/{task['id']}/closing", {})


async def task_now(retailer: Retailer, task: dict[str, Any]) -> dict[str, Any]:
    now: dict[str, Any] = (await retailer.office.get(f"{PATH}/{task['id']}")).json()
    return now


@pytest.mark.parametrize(
    ("lines", "state"),
    [
        (["assigned"], "assigned"),
        (["assigned", "counted"], "assigned"),
        (["assigned", "pending_review"], "assigned"),
        (["pending_review", "counted"], "pending_review"),
        (["counted", "counted"], "counted"),
    ],
)
def test_a_tasks_state_is_what_its_lines_say(lines: list[LineState], state: TaskState) -> None:
    assert state_of(lines, closed=False) == state
    assert state_of(lines, closed=True) == "closed"


async def test_a_task_from_its_beginning_to_its_end(retailer: Retailer) -> None:
    """Given 5 A and 3 B, when 4 and 3 are counted in two goes, then the task can be closed."""
    await retailer.receive("A", S1=5)
    await retailer.receive("B", S1=3)
    due = ago(days=-1)
    task = await assign(retailer, "A", "B", assigned_to="Ada", note="before the sale", due_at=due)
    assert (task["state"], task["version"], task["assigned_to"]) == ("assigned", 1, "Ada")
    assert [(line["line"], line["sku"], line["state"]) for line in task["lines"]] == [
        (1, "A", "assigned"),
        (2, "B", "assigned"),
    ]

    first = (await counted(retailer.staff, task, found(1, 4))).json()
    assert first["outcomes"][0]["status"] == "booked"
    assert first["outcomes"][0]["variance"] == -1
    assert first["outcomes"][0]["level"]["on_hand"] == 4
    assert first["task"]["state"] == "assigned"
    refusal = await closed(retailer.staff, task)
    assert refused(refusal) == (409, "task_state_refused")
    assert (refusal.json()["state"], refusal.json()["step"]) == ("assigned", "closing")

    second = (await counted(retailer.staff, task, found(2, 3))).json()
    assert second["task"]["state"] == "counted"
    done = (await closed(retailer.staff, task)).json()

    assert (done["state"], done["version"]) == ("closed", 4)
    assert done["closed_by"] == done["lines"][0]["counted_by"]
    assert done == await task_now(retailer, task)
    assert [line["variance"] for line in done["lines"]] == [-1, 0]
    listed = (await retailer.office.get("/v1/stock/counts")).json()["items"]
    assert [item["id"] for item in reversed(listed)] == [line["count_id"] for line in done["lines"]]
    assert {(item["document_type"], item["document_id"]) for item in listed} == {
        ("count_task", task["id"])
    }
    movements = (await retailer.office.get("/v1/stock/movements", document_id=task["id"])).json()
    assert [(item["type"], item["quantity"]) for item in movements["items"]] == [("counted", 1)]


async def test_who_counts_is_not_told_what_to_find(retailer: Retailer) -> None:
    """Nowhere in a task that is not counted yet stands what the books expect."""
    await retailer.receive("A", S1=4711)
    task = await assign(retailer, "A", review_threshold=0)

    for shown in (
        await retailer.staff.get(f"{PATH}/{task['id']}"),
        await retailer.staff.get(PATH),
        await retailer.staff.get(f"{PATH}/{task['id']}/timeline"),
    ):
        assert "4711" not in shown.text
    answer = (await counted(retailer.staff, task, found(1, 4700))).json()
    assert answer["task"]["lines"][0]["variance"] == -11
    again = (await reviewed(retailer.office, task, (1, "recount"))).json()
    assert again["task"]["lines"][0]["quantity"] is None
    assert again["task"]["lines"][0]["variance"] is None


async def test_what_differs_too_much_waits_for_a_review(retailer: Retailer) -> None:
    """Given a threshold of 2, when A differs by 2 and B by 3, then A is booked and B waits."""
    await retailer.receive("A", S1=10)
    await retailer.receive("B", S1=10)
    task = await assign(retailer, "A", "B", review_threshold=2)

    answer = (await counted(retailer.staff, task, found(1, 8), found(2, 13))).json()

    within, above = answer["outcomes"]
    assert (within["status"], within["variance"]) == ("booked", -2)
    assert above == {"status": "pending_review", "variance": 3}
    assert answer["task"]["state"] == "pending_review"
    waiting = answer["task"]["lines"][1]
    assert (waiting["quantity"], waiting["variance"], waiting["count_id"]) == (13, 3, None)
    assert waiting["occurred_at"] is not None
    assert await retailer.level("B", "S1") == (10, 0, 10)
    refusal = await closed(retailer.office, task)
    assert refusal.json()["state"] == "pending_review"


async def test_an_accepted_count_speaks_of_when_it_was_counted(retailer: Retailer) -> None:
    """Given 10 counted as 6 an hour ago and 3 received since, when accepted, then 9 are there."""
    await retailer.receive("A", S1=10)
    task = await assign(retailer, "A", review_threshold=1)
    await counted(retailer.staff, task, found(1, 6))
    await retailer.receive("A", S1=3)

    answer = (await reviewed(retailer.office, task, (1, "accept"), note="looked again")).json()

    (outcome,) = answer["outcomes"]
    assert (outcome["status"], outcome["variance"]) == ("booked", -4)
    assert outcome["level"]["on_hand"] == 9
    (line,) = answer["task"]["lines"]
    assert (line["state"], line["variance"], line["quantity"]) == ("counted", -4, 6)
    assert line["reviewed_by"] not in {None, line["counted_by"]}
    (item,) = (await retailer.office.get("/v1/stock/counts")).json()["items"]
    assert (item["id"], item["occurred_at"]) == (line["count_id"], line["occurred_at"])
    assert (await closed(retailer.staff, task)).json()["state"] == "closed"
    events = (await retailer.office.get(f"{PATH}/{task['id']}/timeline")).json()["items"]
    assert [(event["sequence"], event["type"]) for event in events] == [
        (1, "count_task_created"),
        (2, "count_task_counted"),
        (3, "count_task_reviewed"),
        (4, "count_task_closed"),
    ]
    assert events[2]["data"]["note"] == "looked again"


async def test_what_comes_to_light_before_the_review_is_in_its_variance(retailer: Retailer) -> None:
    """Given a count that waits, when an older receipt is told, the books differ by less by then."""
    await retailer.receive("A", S1=1)
    task = await assign(retailer, "A", review_threshold=1)
    waiting = (await counted(retailer.staff, task, found(1, 6))).json()
    row = {"sku": "A", "location": "S1", "quantity": 3, "occurred_at": ago(hours=1)}
    await retailer.office.post("/v1/stock/receipts", {"lines": [row]})

    answer = (await reviewed(retailer.office, task, (1, "accept"))).json()

    assert waiting["outcomes"][0]["variance"] == 5
    assert answer["outcomes"][0]["variance"] == 2
    assert await retailer.level("A", "S1") == (6, 0, 6)


async def test_a_line_is_counted_again(retailer: Retailer) -> None:
    await retailer.receive("A", S1=10)
    task = await assign(retailer, "A", review_threshold=1)
    await counted(retailer.staff, task, found(1, 1))

    sent_back = (await reviewed(retailer.office, task, (1, "recount"))).json()
    assert sent_back["outcomes"] == [{"status": "recount"}]
    assert sent_back["task"]["state"] == "assigned"
    again = (await counted(retailer.staff, task, found(1, 10))).json()

    assert again["outcomes"][0]["variance"] == 0
    assert again["task"]["state"] == "counted"
    assert again["task"]["lines"][0]["reviewed_by"] is None
    assert await retailer.level("A", "S1") == (10, 0, 10)


async def test_nobody_reviews_what_they_counted(retailer: Retailer) -> None:
    task = await assign(retailer, "A", "B", review_threshold=0)
    await counted(retailer.staff, task, found(1, 5))
    await counted(retailer.office, task, found(2, 5))

    own = await reviewed(retailer.staff, task, (1, "accept"))
    both = await reviewed(retailer.office, task, (1, "accept"), (2, "recount"))

    assert refused(own) == (403, "review_of_own_count")
    assert own.json()["line"] == 1
    assert refused(both) == (403, "review_of_own_count")
    assert (await task_now(retailer, task))["state"] == "pending_review"
    assert await retailer.level("A", "S1") == (0, 0, 0)


async def test_a_bad_row_is_refused_alone(retailer: Retailer) -> None:
    """Stale, contradicted, unknown, ahead of time: each row says why, and all others are booked."""
    row = {"sku": "B", "location": "S1", "quantity": 5, "occurred_at": ago(hours=3)}
    await retailer.office.post("/v1/stock/receipts", {"lines": [row]})
    theft = {"sku": "B", "location": "S1", "change": -4, "reason": "theft"}
    await retailer.office.post("/v1/stock/adjustments", {"lines": [theft]})
    task = await assign(retailer, "A", "B", "C")

    answer = await counted(
        retailer.staff,
        task,
        found(1, 3, expected=2),
        found(2, 3, occurred_at=ago(hours=1)),
        found(9, 1),
        found(3, 1, occurred_at=ago(hours=-1)),
        found(3, 7),
        found(3, 8),
    )

    assert answer.status_code == 200
    problems = [outcome.get("problem", {}) for outcome in answer.json()["outcomes"]]
    assert [problem.get("type", "").removeprefix("/problems/") for problem in problems] == [
        "count_stale",
        "count_contradicted",
        "unknown_task_line",
        "invalid",
        "",
        "task_state_refused",
    ]
    assert problems[0]["on_hand"] == 0
    assert problems[3]["errors"][0]["pointer"] == "/lines/3/occurred_at"
    assert (problems[5]["state"], problems[5]["step"], problems[5]["line"]) == (
        "counted",
        "counts",
        3,
    )
    assert [line["state"] for line in answer.json()["task"]["lines"]] == [
        "assigned",
        "assigned",
        "counted",
    ]
    assert await retailer.level("C", "S1") == (7, 0, 7)
    nothing = (await counted(retailer.staff, task, found(1, 3, expected=2))).json()
    assert nothing["task"]["version"] == answer.json()["task"]["version"]


async def test_a_review_that_comes_too_late_refuses_its_row(retailer: Retailer) -> None:
    """Given 6 that were counted as 1, when 4 are stolen before the review, 1 cannot have been."""
    await retailer.receive("A", S1=6)
    await retailer.receive("B", S1=6)
    task = await assign(retailer, "A", "B", review_threshold=1)
    await counted(retailer.staff, task, found(1, 1), found(2, 1))
    theft = {"sku": "A", "location": "S1", "change": -4, "reason": "theft"}
    await retailer.office.post("/v1/stock/adjustments", {"lines": [theft]})

    answer = (await reviewed(retailer.office, task, (1, "accept"), (2, "accept"))).json()

    contradicted, good = answer["outcomes"]
    assert contradicted["problem"]["type"] == "/problems/count_contradicted"
    assert good["status"] == "booked"
    assert [line["state"] for line in answer["task"]["lines"]] == ["pending_review", "counted"]
    again = (await reviewed(retailer.office, task, (1, "recount"))).json()
    assert again["task"]["state"] == "assigned"


async def test_steps_that_a_task_is_not_ready_for(retailer: Retailer) -> None:
    task = await assign(retailer, "A", review_threshold=0)
    early = await reviewed(retailer.office, task, (1, "accept"))
    unknown = await reviewed(retailer.office, task, (2, "accept"))
    await counted(retailer.staff, task, found(1, 0))
    done = await reviewed(retailer.office, task, (1, "recount"))
    await closed(retailer.office, task)

    assert refused(early) == (409, "task_state_refused")
    assert (early.json()["state"], early.json()["step"]) == ("assigned", "review")
    assert refused(unknown) == (404, "unknown_task_line")
    assert done.json()["state"] == "counted"
    for answer, step in (
        (await counted(retailer.staff, task, found(1, 0)), "counts"),
        (await reviewed(retailer.office, task, (1, "recount")), "review"),
        (await closed(retailer.office, task), "closing"),
    ):
        assert refused(answer) == (409, "task_state_refused")
        assert (answer.json()["state"], answer.json()["step"]) == ("closed", step)


async def test_a_task_is_its_locations_own(retailer: Retailer) -> None:
    """Staff of S1 neither see nor touch what is to be counted in S2, and assign nothing there."""
    own = await assign(retailer, "A")
    body = {"location": "S2", "skus": ["A"], "review_threshold": 0}
    foreign = (await retailer.office.post(PATH, body)).json()
    await counted(retailer.office, foreign, found(1, 3))

    for answer in (
        await retailer.staff.get(f"{PATH}/{foreign['id']}"),
        await retailer.staff.get(f"{PATH}/{foreign['id']}/timeline"),
        await counted(retailer.staff, foreign, found(1, 3)),
        await reviewed(retailer.staff, foreign, (1, "accept")),
        await closed(retailer.staff, foreign),
        await closed(retailer.staff, {"id": str(uuid4())}),
    ):
        assert refused(answer) == (404, "unknown_count_task")
    assert refused(await retailer.staff.post(PATH, body)) == (403, "location_not_yours")
    listed = (await retailer.staff.get(PATH)).json()["items"]
    assert [task["id"] for task in listed] == [own["id"]]
    assert (await retailer.staff.get(PATH, location="S2")).json()["items"] == []


async def test_what_cannot_be_counted_makes_no_task(retailer: Retailer) -> None:
    kit = {"name": "Kit", "components": [{"sku": "A", "quantity": 2}]}
    await retailer.office.put("/v1/skus/KIT", kit)
    await retailer.office.put("/v1/skus/MILK", {"name": "Milk", "tracking": "lot"})

    for body, wanted in (
        ({"location": "MOON", "skus": ["A"]}, (404, "unknown_location")),
        ({"location": "S1", "skus": ["NOBODY"]}, (404, "unknown_sku")),
        ({"location": "S1", "skus": ["KIT"]}, (400, "kit_has_no_stock")),
        ({"location": "S1", "skus": ["MILK"]}, (400, "lot_missing")),
        ({"location": "S1", "lines": [{"sku": "A", "lot": "L1"}]}, (400, "lot_not_tracked")),
        ({"location": "S1"}, (400, "invalid")),
        ({"location": "S1", "skus": ["A", "A"]}, (400, "invalid")),
        ({"location": "S1", "skus": ["A"], "lines": [{"sku": "A"}]}, (400, "invalid")),
        ({"location": "S1", "skus": ["A"], "review_threshold": -1}, (400, "invalid")),
    ):
        assert refused(await retailer.office.post(PATH, body)) == wanted
    assert (await retailer.office.get(PATH)).json()["items"] == []


async def test_lots_are_counted_line_by_line(retailer: Retailer) -> None:
    await retailer.office.put("/v1/skus/MILK", {"name": "Milk", "tracking": "lot"})
    row = {"sku": "MILK", "location": "S1", "quantity": 4, "lot": "L1"}
    await retailer.office.post("/v1/stock/receipts", {"lines": [row]})
    lots = [{"sku": "MILK", "lot": lot} for lot in ("L1", "L2")]
    task = await assign(retailer, "A", lines=lots, review_threshold=2)

    answer = (await counted(retailer.staff, task, found(1, 0), found(2, 3), found(3, 9))).json()

    assert [outcome["status"] for outcome in answer["outcomes"]] == [
        "booked",
        "booked",
        "pending_review",
    ]
    assert [line["variance"] for line in answer["task"]["lines"]] == [0, -1, 9]
    assert await retailer.level("MILK", "S1") == (3, 0, 3)
    await reviewed(retailer.office, task, (3, "accept"))
    assert await retailer.level("MILK", "S1") == (12, 0, 12)


async def test_tasks_are_listed_by_state_and_location(retailer: Retailer) -> None:
    """The filter and the state shown agree, whatever has become of a task."""
    await retailer.receive("A", WH=9, S1=9)
    at_work, waiting, done, ended = [
        await assign(retailer, "A", review_threshold=0) for _ in range(4)
    ]
    elsewhere = await assign(retailer, "A", location="WH")
    await counted(retailer.staff, waiting, found(1, 5))
    for task in (done, ended):
        await counted(retailer.staff, task, found(1, 9))
    await closed(retailer.staff, ended)

    for state, tasks in (
        ("assigned", [elsewhere, at_work]),
        ("pending_review", [waiting]),
        ("counted", [done]),
        ("closed", [ended]),
    ):
        listed = (await retailer.office.get(PATH, state=state)).json()["items"]
        assert [task["id"] for task in listed] == [task["id"] for task in tasks]
        assert {task["state"] for task in listed} == {state}
    here = await retailer.office.get(PATH, location="S1", state="assigned")
    assert [task["id"] for task in here.json()["items"]] == [at_work["id"]]
    page = (await retailer.office.get(PATH, limit=3)).json()
    rest = (await retailer.office.get(PATH, limit=3, cursor=page["next_cursor"])).json()
    assert [task["id"] for task in page["items"] + rest["items"]] == [
        task["id"] for task in (elsewhere, ended, done, waiting, at_work)
    ]


async def test_two_who_count_one_line_at_once(retailer: Retailer) -> None:
    """Given one line, when ten say what they found at the same moment, then one of them counts."""
    task = await assign(retailer, "A")

    answers = await asyncio.gather(
        *(counted(retailer.staff, task, found(1, 5 + number)) for number in range(10))
    )

    statuses = sorted(answer.json()["outcomes"][0]["status"] for answer in answers)
    assert statuses == ["booked"] + ["refused"] * 9
    (item,) = (await retailer.office.get("/v1/stock/counts")).json()["items"]
    assert (await retailer.level("A", "S1"))[0] == item["quantity"]


async def test_many_tasks_and_counts_of_one_place_at_once(retailer: Retailer) -> None:
    """Given a place never stocked, when tasks and plain counts find 5 there, then there are 5."""
    tasks = [await assign(retailer, "A") for _ in range(4)]
    row = {"sku": "A", "location": "S1", "quantity": 5}

    answers = await asyncio.gather(
        *(counted(retailer.staff, task, found(1, 5)) for task in tasks),
        *(retailer.office.post("/v1/stock/counts", {"lines": [row]}) for _ in range(4)),
    )

    variances = [answer.json()["outcomes"][0]["variance"] for answer in answers]
    assert sorted(variances) == [0] * 7 + [5]
    assert await retailer.level("A", "S1") == (5, 0, 5)


async def test_a_count_under_its_key_is_booked_once(retailer: Retailer) -> None:
    await retailer.receive("A", S1=5)
    task = await assign(retailer, "A")
    path, body = f"{PATH}/{task['id']}/counts", {"lines": [found(1, 4)]}

    first = await retailer.staff.post(path, body, key="handheld-7")
    again = await retailer.staff.post(path, body, key="handheld-7")
    other = await retailer.staff.post(path, {"lines": [found(1, 3)]}, key="handheld-7")

    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert refused(other) == (422, "idempotency_key_reused")
    assert await retailer.level("A", "S1") == (4, 0, 4)


async def test_a_due_time_at_the_edge_of_the_calendar(retailer: Retailer) -> None:
    """Some fit into the database and some do not; none is a fault of ours."""
    for at in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "1969-07-20T20:17:40Z"):
        body = {"location": "S1", "skus": ["A"], "due_at": at}
        answer = await retailer.office.post(PATH, body)
        assert answer.status_code == 201 or refused(answer)[0] == 400
