"""History of old stations, taken in from CSV files."""
