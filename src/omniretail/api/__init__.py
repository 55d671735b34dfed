"""The HTTP API: one file per domain, each with its wire structs and its handlers, and nothing else.

A handler translates the request, makes one call into a domain, and translates the answer back.
"""
