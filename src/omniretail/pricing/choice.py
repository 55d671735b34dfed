"""Choosing among promotions: the set that is best for the customer. Pure.

Best is what takes most off the prices as they are listed, before taxes that come on top. Each
promotion works on what the ones before it left, in the order of their turns. Those that are never
worse taken are taken. What is then left to choose from is searched exactly, up to twelve; beyond that,
or where it takes too long, one is added after the other, the largest first, where it saves more. Of
sets that save the same, that of fewer promotions is preferred, then by their codes. In the end what
makes no difference is left: of an exact choice each promotion, of any other those by coupon, so that no
coupon is used up for nothing.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from omniretail.money import Rounding
from omniretail.pricing.basket import Search
from omniretail.pricing.dominance import Weighed, found_as_sum, never_worse, weighed
from omniretail.pricing.savings import Amounts, Candidate, Goods, Shares, shares, undivided

MOST_EXACT = 12
# A tenth of a second or so. To look at a promotion costs as much as to look at some lines.
_MOST_LOOKED_AT = 200_000
_LINES_OF_A_PROMOTION = 10


class Taken(NamedTuple):
    """A promotion that is taken, and what it takes off which line."""

    candidate: Candidate
    shares: Shares


class Choice(NamedTuple):
    """What is taken, in the order of their turns, what that saves, and how it was found."""

    taken: tuple[Taken, ...]
    saved_minor: int
    search: Search


NOTHING = Choice((), 0, "exact")


class _TooMany(Exception):
    """There is more to try than time for it."""


def best(
    candidates: Sequence[Candidate], goods: Goods, amounts: Amounts, rounding: Rounding
) -> Choice:
    """Return the choice that saves most of `amounts`."""
    alone = NOTHING
    beside: list[Weighed] = []
    for candidate in sorted(candidates, key=lambda candidate: candidate.promotion.turn):
        off = shares(candidate, goods, amounts, rounding)
        saved = sum(amount for _, amount in off)
        if saved == 0:
            continue
        if candidate.promotion.stackable:
            beside.append(weighed(candidate, saved, goods))
        else:
            alone = _better(alone, Choice((Taken(candidate, off),), saved, "exact"))
    if not beside:
        return alone
    together = _Search(beside, goods, amounts, rounding, alone.saved_minor).found()
    return _better(alone, together)._replace(search=together.search)


class _Run(NamedTuple):
    """What became of some promotions in their turns: what each takes off, if it fits."""

    shares: Mapping[int, Shares]
    saved_minor: int

    @property
    def taken(self) -> tuple[int, ...]:
        """Those that take something off."""
        return tuple(number for number, off in self.shares.items() if off)


_NO_RUN = _Run({}, 0)


class _Search:
    """One search among promotions that may stand beside others, numbered in their turns."""

    def __init__(
        self,
        found: Sequence[Weighed],
        goods: Goods,
        amounts: Amounts,
        rounding: Rounding,
        alone_minor: int,
    ) -> None:
        self._found = found
        self._goods = goods
        self._amounts = amounts
        self._rounding = rounding
        self._as_sum = found_as_sum(found)
        # Nothing makes an amount larger, so that no promotion ever saves more than by itself.
        self._bound = [0]
        for one in reversed(found):
            self._bound.append(self._bound[-1] + one.alone_minor)
        self._bound.reverse()
        self._best: tuple[int, ...] | None = None
        self._best_minor = alone_minor
        self._looked_at = 0

    def found(self) -> Choice:
        """Return the best choice, or a good one where there is too much to try."""
        always = never_worse(self._found, self._goods, self._amounts, as_sum=self._as_sum)
        if all(always):
            run = self._run(range(len(self._found)), _NO_RUN)
            return self._divided(self._without_idle(run, run.taken), "exact")
        try:
            if always.count(False) > MOST_EXACT:
                raise _TooMany
            self._visit(0, list(self._amounts), (), 0, always)
        except _TooMany:
            run = self._greedy()
            by_coupon = [n for n in run.taken if self._found[n].candidate.coupon is not None]
            return self._divided(self._without_idle(run, by_coupon), "greedy")
        run = self._run(self._best or (), _NO_RUN)
        return self._divided(self._without_idle(run, run.taken), "exact")

    def _visit(
        self,
        number: int,
        amounts: list[int],
        taken: tuple[int, ...],
        saved: int,
        always: Sequence[bool],
    ) -> None:
        """Try all sets of what follows, beside what is taken already. Raises: _TooMany."""
        while number < len(self._found):
            if saved + self._bound[number] < self._best_minor:
                return
            if self._looked_at > _MOST_LOOKED_AT:
                raise _TooMany
            promotion = self._found[number].candidate.promotion
            off = self._off(number, amounts) if self._fits(number, taken) else []
            if off and always[number]:
                saved += _take(off, amounts)
                taken = (*taken, number)
            elif off:
                less = list(amounts)
                more = saved + _take(off, less)
                after = len(self._found) if promotion.stop else number + 1
                self._visit(after, less, (*taken, number), more, always)
            number += 1
        if saved > self._best_minor or (
            saved == self._best_minor
            and (self._best is None or self._plainness(taken) < self._plainness(self._best))
        ):
            self._best, self._best_minor = taken, saved

    def _greedy(self) -> _Run:
        """Add one after the other, the largest first, where it saves more."""
        early = never_worse(
            self._found, self._goods, self._amounts, as_sum=self._as_sum, but_for_rounding=True
        )
        run = self._run([number for number, taken in enumerate(early) if taken], _NO_RUN)
        late = [number for number, taken in enumerate(early) if not taken]
        for number in sorted(late, key=lambda number: -self._found[number].alone_minor):
            tried = self._run(sorted((*run.shares, number)), run)
            if tried.saved_minor > run.saved_minor:
                run = tried
        return run

    def _without_idle(self, run: _Run, numbers: Sequence[int]) -> _Run:
        """Leave, of some, each that makes no difference: the others take off as much without it."""
        for number in numbers:
            later = [other for other in run.shares if other > number]
            # Without it, each that follows takes off no more than it would by itself.
            more = sum(self._found[other].alone_minor - _sum(run.shares[other]) for other in later)
            if _sum(run.shares[number]) <= more:
                less = self._run([other for other in run.shares if other != number], run)
                if less.saved_minor >= run.saved_minor:
                    run = less
        return run

    def _run(self, chosen: Sequence[int], before: _Run) -> _Run:
        """Take promotions in their turns; those that find what they found before take the same."""
        amounts = list(self._amounts)
        changed = 0
        for number in before.shares.keys() - set(chosen):
            changed |= self._found[number].lines
        shares_of: dict[int, Shares] = {}
        groups: set[str | None] = {None}
        saved = 0
        for number in chosen:
            one = self._found[number]
            promotion = one.candidate.promotion
            known = before.shares.get(number)
            if promotion.exclusive_group is not None:
                fits = promotion.exclusive_group not in groups
                off = self._off(number, amounts) if fits else []
            elif known is None or one.looks_at & changed:
                off = self._off(number, amounts)
            else:
                off = known
            if off is not known:
                for position, _ in set(off).symmetric_difference(known or ()):
                    changed |= 1 << position
            shares_of[number] = off
            if off:
                saved += _take(off, amounts)
                groups.add(promotion.exclusive_group)
                if promotion.stop:
                    break
        return _Run(shares_of, saved)

    def _divided(self, run: _Run, search: Search) -> Choice:
        """Return what was taken, with each line's share of it."""
        amounts = list(self._amounts)
        taken = []
        for number in run.taken:
            candidate = self._found[number].candidate
            off = run.shares[number]
            if candidate.promotion.level == "order":
                off = shares(candidate, self._goods, amounts, self._rounding)
            _take(off, amounts)
            taken.append(Taken(candidate, off))
        return Choice(tuple(taken), run.saved_minor, search)

    def _off(self, number: int, amounts: Amounts) -> Shares:
        """Return what a promotion takes off; undivided, where nobody after it sees the difference."""
        one = self._found[number].candidate
        self._looked_at += _LINES_OF_A_PROMOTION + len(one.positions)
        if self._as_sum[number] and one.promotion.level == "order":
            return undivided(one, self._goods, amounts, self._rounding)
        return shares(one, self._goods, amounts, self._rounding)

    def _plainness(self, taken: Sequence[int]) -> tuple[int, list[str]]:
        return len(taken), [self._found[number].candidate.promotion.code for number in taken]

    def _fits(self, number: int, taken: Sequence[int]) -> bool:
        group = self._found[number].candidate.promotion.exclusive_group
        return group is None or all(
            self._found[other].candidate.promotion.exclusive_group != group for other in taken
        )


def _sum(off: Shares) -> int:
    return sum([amount for _, amount in off])


def _take(off: Shares, amounts: list[int]) -> int:
    """Take shares off amounts; return what they come to."""
    by = 0
    for position, amount in off:
        amounts[position] -= amount
        by += amount
    return by


def _better(one: Choice, other: Choice) -> Choice:
    if one.saved_minor != other.saved_minor:
        return one if one.saved_minor > other.saved_minor else other
    return min(one, other, key=_plainness)


def _plainness(choice: Choice) -> tuple[int, list[str]]:
    return len(choice.taken), [taken.candidate.promotion.code for taken in choice.taken]
