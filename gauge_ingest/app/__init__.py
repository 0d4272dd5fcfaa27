"""The composition root: from a configuration to the two processes. The only part that names concrete parts."""

from collections.abc import Mapping
from pathlib import Path


def run_ingest(directory: Path, environ: Mapping[str, str]) -> int:
    """The ingest process, until SIGTERM or SIGINT; the exit status."""
    from gauge_ingest.app import ingest_side  # each process loads its own side only

    return ingest_side.run(directory, environ)


def run_outbound(directory: Path, environ: Mapping[str, str]) -> int:
    """The outbound process, until its standard input ends or SIGTERM; the exit status."""
    from gauge_ingest.app import outbound_side

    return outbound_side.run(directory, environ)
