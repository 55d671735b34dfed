"""Events: what happened to each document, in a gapless sequence; the timeline and the outbox."""

from omniretail.events.operations import Happened, record, timeline
from omniretail.events.persons import (
    Recorded,
    events_before,
    restate,
)

__all__ = [
    "Happened",
    "Recorded",
    "events_before",
    "record",
    "restate",
    "timeline",
]
