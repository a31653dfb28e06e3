"""Runs and watches all of it: servers, supervision, health, backfill."""
