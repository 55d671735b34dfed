"""Events: what happened to each document, in a gapless sequence; the timeline and the outbox."""

from omniretail.events.operations import Happened, record, timeline

__all__ = ["Happened", "record", "timeline"]
