"""How what changed in the journal reaches its copies."""
