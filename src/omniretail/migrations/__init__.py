"""Migrations: numbered SQL, forward only, run by Alembic; and the months that growing tables need.

A version is a pair of files under `versions/`: the SQL, one statement after the other, and the few
lines by which Alembic finds it. Written by hand, so that every constraint has a name.
"""

from omniretail.migrations.partitions import ensure_months
from omniretail.migrations.runner import migrate

__all__ = ["ensure_months", "migrate"]
