"""Customers: profiles, by what people are known, consents, notes."""
