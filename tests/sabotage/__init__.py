"""Bugs that are planted on purpose: each must turn a judge red. A green that cannot fail proves nothing."""
