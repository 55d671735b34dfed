"""What a check of the audit found."""

import msgspec

MOST_EXAMPLES = 5


class Finding(msgspec.Struct, frozen=True):
    """What one check found: how many exceptions (0: it holds), and the first few.

    `notes` are worth knowing and no exceptions, such as the overrides of the one price.
    """

    check: str
    truth: str
    exceptions: int
    examples: list[str]
    notes: list[str] = []

    @property
    def holds(self) -> bool:
        """Tell whether nothing contradicts the check."""
        return self.exceptions == 0
