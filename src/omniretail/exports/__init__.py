"""CSV files out of the books: levels, movements, counts, the valuation, SKUs and locations."""

from omniretail.exports.files import KINDS, SCOPES, Kind, copy

__all__ = ["KINDS", "SCOPES", "Kind", "copy"]
