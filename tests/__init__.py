"""The tests: real PostgreSQL for whatever touches a table, none for pure rules."""
