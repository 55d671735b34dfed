"""Tests of the loyalty programme, its points and its tiers."""
