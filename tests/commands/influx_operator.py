"""What tests of `influx setup` look at: the server past our own code, files, answers."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.commands.place import Place
from tests.edges.influx_server import TOKEN, InfluxServer, call


def told(place: Place, url: str, folder: Path, token: str = TOKEN) -> None:
    (folder / "operator").write_text(f"{token}\n", encoding="ascii")
    place.environ = {"GAUGE_INFLUX_URL": url, "GAUGE_INFLUX_ADMIN_TOKEN_FILE": str(folder / "operator")}


def tokens(server: InfluxServer) -> list[dict[str, Any]]:
    """What InfluxDB knows of the tokens that we made."""
    found = server.call("GET", f"/api/v2/authorizations?orgID={server.org_id()}")["authorizations"]
    return [one for one in found if one["description"].startswith("gauge-ingest")]


def found_buckets(server: InfluxServer) -> dict[str, int]:
    """How long each bucket keeps, in seconds."""
    found = server.call("GET", f"/api/v2/buckets?org={server.org}&limit=100")["buckets"]
    return {
        one["name"]: sum(rule["everySeconds"] for rule in one["retentionRules"])
        for one in found
        if one["type"] == "user"
    }


def dashboards(server: InfluxServer) -> dict[str, str]:
    """The id of each dashboard, by name."""
    found = server.call("GET", f"/api/v2/dashboards?orgID={server.org_id()}&limit=100")["dashboards"]
    assert len({one["name"] for one in found}) == len(found), "a dashboard is there twice"
    return {one["name"]: one["id"] for one in found}


def files(folder: Path) -> tuple[str, ...]:
    return ("--writer-token-file", str(folder / "writer"), "--reader-token-file", str(folder / "reader"))


def held(folder: Path) -> tuple[str, str]:
    """The writer's and the reader's token, out of their files."""
    return (folder / "writer").read_text("ascii").strip(), (folder / "reader").read_text("ascii").strip()


def states(document: Mapping[str, Any]) -> dict[str, str]:
    return {step["what"]: step["state"] for step in document["steps"]}


def status(server: InfluxServer, method: str, path: str, token: str, body: bytes | None = None) -> int:
    """What InfluxDB answers to a request with a token."""
    try:
        call(method, server.url + path, token=token, body=body)
    except urllib.error.HTTPError as error:
        return error.code
    return 200


def query_status(server: InfluxServer, token: str, bucket: str) -> int:
    body = json.dumps({"query": f'from(bucket: "{bucket}") |> range(start: -1h)', "type": "flux"}).encode()
    return status(server, "POST", f"/api/v2/query?org={server.org}", token, body)


def signs_in(server: InfluxServer, user: str, password: str) -> bool:
    request = urllib.request.Request(f"{server.url}/api/v2/signin", method="POST")  # noqa: S310  loopback
    request.add_header("Authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  loopback
            return bool(answer.status == 204)
    except urllib.error.HTTPError:
        return False


def queries(server: InfluxServer, dashboard: str) -> list[str]:
    """The queries of a dashboard as the user interface gets them."""
    whole = server.call("GET", f"/api/v2/dashboards/{dashboards(server)[dashboard]}?include=properties")
    return [query["text"] for cell in whole["cells"] for query in cell["properties"]["queries"]]
