"""Tests of sourcing."""
