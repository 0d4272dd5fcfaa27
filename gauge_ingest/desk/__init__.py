"""The desk: what the service shows over HTTP. Reads the journal, and asks for every change through the spool."""
