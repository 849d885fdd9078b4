"""Prometheus' own HTTP API, with the fleet behind it as if it were one Prometheus."""
