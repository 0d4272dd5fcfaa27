"""Measurements: each program runs what it compares on the machine at hand, so that ratios can be trusted."""
