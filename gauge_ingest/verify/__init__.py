"""Whether InfluxDB holds what the journal holds, point by point; and what to copy again, or to take out, where not."""
