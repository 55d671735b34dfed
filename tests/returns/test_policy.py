"""For how long goods are taken back, and as what their money goes back."""

from datetime import UTC, datetime, timedelta

from omniretail.returns import OutsideReturnWindow, ReturnPolicy, window_end, window_refusal

HANDED_OVER = datetime(2026, 3, 10, 15, 30, tzinfo=UTC)
POLICY = ReturnPolicy(
    channel="web", window_days_by_category={"shoes": 100, "swimwear": 0, "sale": 14}
)


def refused(categories: set[str], after: timedelta) -> OutsideReturnWindow | None:
    return window_refusal(POLICY, categories, handed_over_at=HANDED_OVER, at=HANDED_OVER + after)


def test_thirty_one_days_after_the_purchase_is_too_late() -> None:
    """Given 30 days, when goods come on the 31st day, then they are outside of the return window."""
    late = refused(set(), timedelta(days=31))

    assert late is not None
    assert late.code == "outside_return_window"
    assert late.fields == {
        "window_days": 30,
        "handed_over_at": "2026-03-10T15:30:00+00:00",
        "closed_at": "2026-04-09T15:30:00+00:00",
    }
    assert late.detail == (
        "What was handed over at 2026-03-10T15:30:00+00:00 is taken back for 30 days, until "
        "2026-04-09T15:30:00+00:00."
    )


def test_the_very_end_is_still_inside() -> None:
    """A window of 30 days is 30 × 24 hours from the hand-over, its last moment included."""
    assert window_end(POLICY, (), HANDED_OVER) == HANDED_OVER + timedelta(days=30)
    assert refused(set(), timedelta(0)) is None
    assert refused(set(), timedelta(days=30)) is None
    assert refused(set(), timedelta(days=30, microseconds=1)) is not None


def test_a_category_has_a_window_of_its_own() -> None:
    """Shoes have longer than the others: a category's days replace the usual ones, either way."""
    assert refused({"shoes", "summer"}, timedelta(days=100)) is None
    assert refused({"sale"}, timedelta(days=15)) is not None
    assert refused({"summer"}, timedelta(days=30)) is None


def test_of_several_categories_the_shortest_counts() -> None:
    assert window_end(POLICY, {"shoes", "sale"}, HANDED_OVER) == HANDED_OVER + timedelta(days=14)


def test_what_is_never_taken_back() -> None:
    """Given swimwear, which is taken back for 0 days, then not even at the moment it is handed over."""
    at_once = refused({"shoes", "swimwear"}, timedelta(0))

    assert window_end(POLICY, {"swimwear"}, HANDED_OVER) is None
    assert at_once is not None
    assert (at_once.fields["window_days"], at_once.fields["closed_at"]) == (0, None)
    assert at_once.detail == "Such goods are not taken back."


def test_each_tender_goes_back_to_itself_unless_the_retailer_says_otherwise() -> None:
    """By default nothing that was no cash becomes cash; what is left out of a matrix stays so."""
    own = ReturnPolicy(channel="web", refund_methods={"card": ("store_credit", "card")})

    assert own.methods("card") == ("store_credit", "card")
    assert own.methods("ewallet") == POLICY.methods("ewallet") == ("ewallet", "store_credit")
    assert POLICY.methods("store_credit") == ("store_credit",)
    assert all("cash" not in POLICY.methods(t) for t in ("card", "ewallet", "gift_card"))
