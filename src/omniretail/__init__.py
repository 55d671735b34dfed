"""omniretail: one inventory ledger, one order book and one API behind every channel of a retailer."""

__version__ = "0.1.0"
