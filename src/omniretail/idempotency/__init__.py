"""Idempotency keys: repeating a write with its key gives the first answer and changes nothing."""

from omniretail.idempotency.models import IdempotencyKey
from omniretail.idempotency.operations import Answer, Key, Reused, forget_before, once

__all__ = ["Answer", "IdempotencyKey", "Key", "Reused", "forget_before", "once"]
