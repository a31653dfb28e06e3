"""Alerts out to people and programs: each sink at its own pace, each alert once."""
