"""python -m gauge_ingest: the same as gauge-ingest."""

from gauge_ingest.cli import main

if __name__ == "__main__":
    main()
