"""gauge-ingest: rain-gauge telemetry, from the station's message to a durable reading and a flash-flood alert."""
