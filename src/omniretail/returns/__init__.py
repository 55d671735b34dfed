"""Returns: goods that come back anywhere, and what becomes of them and of their money."""
