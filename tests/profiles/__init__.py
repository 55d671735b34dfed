"""Profiles: what concerns a customer across all rooms."""
