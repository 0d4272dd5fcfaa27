"""Tests at the edges: real brokers, real stores, real files."""
