"""Connections to the exchange that replace each other without a gap."""
