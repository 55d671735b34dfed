"""Finding the fewest locations that cover what is wanted. Pure, and exact up to a budget."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Protocol

# Sets of locations that are looked at for one choice: all there are of five, a few milliseconds of
# many. Where three or more of very many are needed, a plan may have one more than it would need.
_MOST_SETS = 300


class Shelves(Protocol):
    """What locations could give of the lines that are wanted."""

    def alone(self, location: str) -> Sequence[int]:
        """Return how many units of each line a location has, were it the only line."""
        ...

    def takes(self, location: str, rest: Sequence[int]) -> list[int]:
        """Return how many units of each line a location gives, of those still wanted."""
        ...


def in_fewest(
    shelves: Shelves, left: Sequence[str], others: Sequence[str], rest: list[int], most: int
) -> list[str]:
    """Return those of `left` that stand in a smallest set, out of all `others`, that covers `rest`.

    Where no `most` of them cover it, or it would take too long to know: those that give the most.
    Both are sorted, and `left` are among the `others`.
    """
    search = _Search(shelves, others, rest)
    for many in range(1, most + 1):
        if not search.out_of_reach(rest, many):
            found = [code for code in left if search.completes(code, others, rest, many)]
            if found:
                return found
    gives = {code: sum(shelves.takes(code, rest)) for code in left}
    best = max(gives.values())
    return [code for code in left if gives[code] == best]


class _Search:
    """One search: what the locations could give alone, and how much longer it may take."""

    def __init__(self, shelves: Shelves, others: Sequence[str], rest: Sequence[int]) -> None:
        self._shelves = shelves
        self._sets_left = _MOST_SETS
        self._alone = {code: shelves.alone(code) for code in others}
        by_line = [
            sorted(column, reverse=True) for column in zip(*self._alone.values(), strict=True)
        ]
        self._reach = [list(accumulate(column, initial=0)) for column in by_line]
        # A line that few have leaves few sets to look at.
        self._rarest = sorted(range(len(rest)), key=lambda line: -by_line[line].count(0))

    def out_of_reach(self, rest: Sequence[int], many: int) -> bool:
        """Tell whether not even the `many` that have most of a line can serve it."""
        return any(
            wanted > reach[min(many, len(reach) - 1)]
            for wanted, reach in zip(rest, self._reach, strict=True)
        )

    def completes(self, code: str, others: Sequence[str], rest: Sequence[int], many: int) -> bool:
        """Tell whether a location and `many` − 1 of the others cover what is wanted."""
        given = self._shelves.takes(code, rest)
        after = [wanted - served for wanted, served in zip(rest, given, strict=True)]
        if not any(after):
            return True
        self._sets_left -= 1
        if many == 1 or self._sets_left <= 0 or self.out_of_reach(after, many - 1):
            return False
        return self._covered([one for one in others if one != code], after, many - 1)

    def _covered(self, codes: list[str], rest: list[int], many: int) -> bool:
        alone = self._alone
        if many == 1:
            for line, wanted in enumerate(rest):
                if wanted:
                    codes = [code for code in codes if alone[code][line] >= wanted]
            return any(self._shelves.takes(code, rest) == rest for code in codes)
        # Some location of the set must have of the rarest line.
        line = next(line for line in self._rarest if rest[line])
        having = [code for code in codes if alone[code][line]]
        having.sort(key=lambda code: -sum(self._shelves.takes(code, rest)))
        for code in having:
            if self.completes(code, codes, rest, many):
                return True
            if self._sets_left <= 0:
                return False
        return False
