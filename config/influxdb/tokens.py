"""Makes two tokens for one bucket of InfluxDB 2: the service's, which reads and writes, and the people's, which reads.

Runs once at each start, in the image of the service, with nothing but the standard library. A token that is there and
works stays. InfluxDB 2.8 takes no token from outside but the operator's, so that these cannot be made beforehand.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REQUEST_S = 10.0
PAUSE_S = 0.5
UNWANTED = (400, 401, 403, 404)  # answers to somebody who may not, or to a name that is not there


class Refused(Exception):
    """What stands in the way, in one line with the remedy."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A token that ought to be in a file."""

    description: str
    path: Path
    writes: bool


@dataclass(frozen=True, slots=True)
class Influx:
    """One bucket, as the operator sees it."""

    url: str
    operator: str
    org: str
    bucket: str

    def call(self, method: str, path: str, *, token: str, body: bytes | None = None, **query: str) -> Any:
        """The answer's JSON; None where it has none."""
        address = f"{self.url}{path}?{urllib.parse.urlencode(query)}" if query else f"{self.url}{path}"
        headers = {"Authorization": f"Token {token}", "Content-Type": "application/json"}
        request = urllib.request.Request(address, data=body, method=method, headers=headers)  # noqa: S310  see main
        with urllib.request.urlopen(request, timeout=REQUEST_S) as answer:  # noqa: S310  see main
            return json.loads(answer.read() or b"null")

    def found(self) -> dict[str, Any]:
        """The bucket, with the ids that a token names; or Refused."""
        try:
            buckets = self._buckets(self.operator)
        except urllib.error.HTTPError as error:
            if error.code == 401:
                raise Refused("InfluxDB does not know the operator's token: it was set up with another one") from error
            if error.code not in UNWANTED:
                raise
            buckets = []  # InfluxDB 2.8 answers 404 to a name that it does not know
        if not buckets:
            raise Refused(f"InfluxDB has no bucket {self.bucket} in an organisation {self.org}: create it there first")
        return buckets[0]

    def works(self, token: str, *, writes: bool) -> bool:
        """Whether a token reads the bucket, and writes it just when it should."""
        try:
            reads = bool(self._buckets(token))
        except urllib.error.HTTPError as error:
            if error.code in UNWANTED:
                return False
            raise
        return reads and self._may_write(token) is writes

    def make(self, wish: Wish, bucket: dict[str, Any]) -> str:
        """A new token, the only one of its description: one whose file was lost must not stay valid."""
        for old in self._authorizations(bucket["orgID"]):
            if old.get("description") == wish.description:
                self.call("DELETE", f"/api/v2/authorizations/{old['id']}", token=self.operator)
        resource = {"type": "buckets", "id": bucket["id"], "orgID": bucket["orgID"]}
        actions = ("read", "write") if wish.writes else ("read",)
        permissions = [{"action": action, "resource": resource} for action in actions]
        wanted = {"orgID": bucket["orgID"], "description": wish.description, "permissions": permissions}
        body = json.dumps(wanted).encode()
        return str(self.call("POST", "/api/v2/authorizations", token=self.operator, body=body)["token"])

    def _buckets(self, token: str) -> list[dict[str, Any]]:
        found = self.call("GET", "/api/v2/buckets", token=token, org=self.org, name=self.bucket)["buckets"]
        return [bucket for bucket in found if bucket["name"] == self.bucket]

    def _may_write(self, token: str) -> bool:
        try:  # InfluxDB 2.8 answers 204 to a write of nothing, when the token may write
            self.call("POST", "/api/v2/write", token=token, body=b"\n", org=self.org, bucket=self.bucket)
        except urllib.error.HTTPError as error:
            if error.code in UNWANTED:
                return False
            raise
        return True

    def _authorizations(self, org_id: str) -> list[dict[str, Any]]:
        answer = self.call("GET", "/api/v2/authorizations", token=self.operator, orgID=org_id)
        return list(answer["authorizations"])


def hand_over(influx: Influx, wishes: list[Wish]) -> list[str]:
    """Afterwards each file holds a token that works; returns a line about each."""
    bucket = influx.found()
    lines = []
    for wish in wishes:
        if influx.works(_held(wish.path), writes=wish.writes):
            lines.append(f"{wish.path} holds a token that works")
        else:
            _put(wish.path, influx.make(wish, bucket))
            lines.append(f"{wish.path} holds a new token")
    return lines


def with_patience(influx: Influx, wishes: list[Wish], wait_s: float) -> list[str]:
    """As hand_over, while the server may still be starting; Refused when it does not answer in time."""
    deadline = time.monotonic() + wait_s
    while True:
        try:
            return hand_over(influx, wishes)
        except OSError as error:  # no connection, a time-out, or an answer such as 503
            if time.monotonic() > deadline:
                words = _words(error) if isinstance(error, urllib.error.HTTPError) else str(error)
                raise Refused(f"InfluxDB at {influx.url} does not serve: {words}") from error
        time.sleep(PAUSE_S)


def main() -> None:
    """Make the tokens; exit status 1 and one line when that cannot be."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    for name in ("url", "org", "bucket", "operator-token-file", "service-token-file", "read-token-file"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--wait-s", type=float, default=60.0)
    given = parser.parse_args()
    wishes = [
        Wish(f"gauge-ingest: service, {given.bucket}", Path(given.service_token_file), writes=True),
        Wish(f"gauge-ingest: people, {given.bucket}, read only", Path(given.read_token_file), writes=False),
    ]
    try:
        if not given.url.startswith(("http://", "https://")):
            raise Refused(f"--url {given.url}: must begin with http:// or https://")
        operator = _held(Path(given.operator_token_file))
        if not operator:
            raise Refused(f"{given.operator_token_file}: no token there, or it may not be read")
        lines = with_patience(Influx(given.url.rstrip("/"), operator, given.org, given.bucket), wishes, given.wait_s)
    except Refused as refused:
        sys.stderr.write(f"tokens: {refused}\n")
        sys.exit(1)
    sys.stdout.writelines(f"tokens: {line}\n" for line in lines)


def _held(path: Path) -> str:
    """The token in a file; empty where there is none."""
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _put(path: Path, token: str) -> None:
    """Never half a token, and never one that others may read, not even for a moment."""
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)
    with open(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w", encoding="ascii") as file:
        file.write(f"{token}\n")
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _words(error: urllib.error.HTTPError) -> str:
    return f"{error.code} {error.reason}"


if __name__ == "__main__":
    main()
