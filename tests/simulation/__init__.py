"""Tests that drive the simulated world and whole runs."""
