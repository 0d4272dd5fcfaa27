"""Copies of the journal, and putting them back."""
