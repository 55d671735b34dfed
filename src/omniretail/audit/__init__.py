"""The audit: every balance against the ledger it sums up, on one snapshot of the books."""

from omniretail.audit.checks import CHECKS, Check, audit
from omniretail.audit.finding import Finding

__all__ = ["CHECKS", "Check", "Finding", "audit"]
