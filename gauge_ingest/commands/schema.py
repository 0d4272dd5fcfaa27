"""schema: the format in which stations report, as JSON Schema."""

from gauge_ingest.codecs.json_v1 import json_schema
from gauge_ingest.commands.output import print_json


def schema() -> None:
    """Print the JSON Schema of json_v1, the format in which stations report."""
    print_json(json_schema())
