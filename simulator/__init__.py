"""Simulated rain stations. Knows only the wire formats and never imports the service."""
