"""History of old stations: a CSV file and its mapping to rain of stations, and what may be taken of it."""
