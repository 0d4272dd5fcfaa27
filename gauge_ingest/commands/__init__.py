"""The commands, one module for each family; gauge_ingest/cli.py puts them together."""
