"""The copy beside the journal, point by point, without a server."""
