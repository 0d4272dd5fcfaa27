"""A reading as a document: what `readings --json` prints and the HTTP API answers."""

from typing import Any

from gauge_ingest.core.model import Kind, Row, Step
from gauge_ingest.core.spans import instant_text


def reading_document(row: Row) -> dict[str, Any]:
    """What came, when, and how far it may be trusted."""
    return {
        "station": row.station,
        "seq": row.seq,
        "boot": row.boot,
        "observed_at": instant_text(row.observed_at),
        "received_at": instant_text(row.received_at),
        "count": row.counter,
        "kind": Kind(row.kind).name.lower(),
        "imported": row.step == Step.IMPORTED,
        "flag": int(row.flag),
        "message_id": row.message_id,
    }
