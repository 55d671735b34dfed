"""The ledger beside an independent auditor: whatever is done, in whatever order, both agree.

What happens drives the real operations on a real database, many at once where it says so; the auditor
is a few dictionaries that know nothing of how the ledger works.
"""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from omniretail import embedded
from tests.properties.coupon_rules import Coupons
from tests.properties.goods_rules import Goods
from tests.properties.machine import days
from tests.properties.promise_rules import Promises
from tests.properties.race_rules import Races


class Ledger(Goods, Promises, Races, Coupons):
    """All that may happen."""


# An example is a whole database: a twentieth of what pure properties are given.
@settings(max_examples=max(30, settings().max_examples // 20))
@given(opening=st.integers(4, 12), happening=days())
def test_the_ledger_and_its_auditor_agree(
    server: embedded.Server, opening: int, happening: list[tuple[str, dict[str, Any]]]
) -> None:
    Ledger(server).live(opening, happening)
