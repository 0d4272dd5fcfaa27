"""Simulated days for the production service: a virtual clock, a broker of our own, kills between any two effects."""
