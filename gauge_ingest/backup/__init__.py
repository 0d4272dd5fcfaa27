"""Copies of the journal: made while the service runs, verified, kept so many, and put back."""
