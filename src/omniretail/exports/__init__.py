"""CSV files out of the books: levels, movements, counts, the valuation, SKUs, locations and points."""

from omniretail.exports.files import KINDS, SCOPES, Kind, copy

__all__ = ["KINDS", "SCOPES", "Kind", "copy"]
