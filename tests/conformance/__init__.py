"""What must be the same whoever answers."""
