"""History played again under other rules: what would have been told, when, and what it would have been worth."""
