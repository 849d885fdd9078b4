"""Alerts of the whole fleet."""
