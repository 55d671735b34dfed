"""The audit: every balance against the ledger it sums up, on one snapshot of the books."""

from omniretail.audit.checks import CHECKS, Check, Finding, audit

__all__ = ["CHECKS", "Check", "Finding", "audit"]
