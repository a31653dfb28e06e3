"""Measurements: ours beside its limit, in one run; never part of the tests."""
