"""InfluxDB as its operator sees it: whether it is set up, its organisation, buckets, tokens and templates."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gauge_ingest.core.model import DAY_MS, SECOND_MS
from gauge_ingest.stores import StoreUnavailable
from gauge_ingest.stores.influx.client import Answer, answers, client_of
from gauge_ingest.stores.influx.settings import BucketSettings, InfluxSettings

LISTED_MAX = 100  # what InfluxDB 2.8 gives of a list at most in one page
_DAY_S = DAY_MS // SECOND_MS


class SetUpRefused(Exception):
    """What stands in the way of setting InfluxDB up: one sentence with the remedy."""


class FoundBucket(NamedTuple):
    """A bucket as it stands. `every_s`: how long it keeps what it holds; 0: for ever."""

    id: str
    name: str
    every_s: int


class Admin:
    """Asks and changes what only an operator may. Raises StoreUnavailable or SetUpRefused. `settings`: its token."""

    def __init__(self, settings: InfluxSettings) -> None:
        self._settings = settings
        self._client = client_of(settings)

    def is_empty(self) -> bool:
        """Whether nobody has set it up yet."""
        return bool(self._asked("say whether it is set up", "GET", "/api/v2/setup")["allowed"])

    def onboard(self, *, user: str, password: str, bucket: BucketSettings) -> None:
        """Set an empty server up: a user, the organisation, a bucket, and our token as the operator's."""
        body = {
            "username": user,
            "password": password,
            "org": self._settings.org,
            "bucket": bucket.name,
            "retentionPeriodSeconds": bucket.retention_days * _DAY_S,
            "token": self._settings.token.get_secret_value().strip(),
        }
        self._asked("be set up", "POST", "/api/v2/setup", body)

    def org_id(self) -> str:
        """The id of the organisation."""
        name = self._settings.org
        try:
            found = self._asked("look organisations up", "GET", "/api/v2/orgs", org=name)["orgs"]
        except _NotFound:
            found = []
        for one in found:
            if one["name"] == name:
                return str(one["id"])
        raise SetUpRefused(
            f"InfluxDB has no organisation {name!r}, or the operator's token may not see it: mend [influx] org, or"
            f" create it there first"
        )

    def buckets(self, org_id: str) -> dict[str, FoundBucket]:
        """Every bucket of the organisation, by name."""
        found: dict[str, FoundBucket] = {}
        after: dict[str, str] = {}
        while True:
            page = self._asked("list buckets", "GET", "/api/v2/buckets", orgID=org_id, limit=str(LISTED_MAX), **after)[
                "buckets"
            ]
            for one in page:
                every_s = max((int(rule["everySeconds"]) for rule in one.get("retentionRules") or ()), default=0)
                found[one["name"]] = FoundBucket(one["id"], one["name"], every_s)
            if len(page) < LISTED_MAX:
                return found
            after = {"after": page[-1]["id"]}

    def create_bucket(self, org_id: str, bucket: BucketSettings) -> FoundBucket:
        """A new bucket with its retention."""
        body = {"orgID": org_id, "name": bucket.name, "retentionRules": _rules(bucket.retention_days)}
        made = self._asked(f"create the bucket {bucket.name!r}", "POST", "/api/v2/buckets", body)
        return FoundBucket(made["id"], bucket.name, bucket.retention_days * _DAY_S)

    def change_retention(self, found: FoundBucket, retention_days: int) -> None:
        """Afterwards it keeps so many days; what is older goes."""
        rules = _rules(retention_days) or [{"type": "expire", "everySeconds": 0}]
        doing = f"change the retention of the bucket {found.name!r}"
        self._asked(doing, "PATCH", f"/api/v2/buckets/{found.id}", {"retentionRules": rules})

    def tokens(self, org_id: str) -> list[dict[str, Any]]:
        """Every token of the organisation, as InfluxDB describes it."""
        return list(self._asked("list tokens", "GET", "/api/v2/authorizations", orgID=org_id)["authorizations"])

    def create_token(self, org_id: str, description: str, permissions: Sequence[Mapping[str, Any]]) -> str:
        """A new token."""
        body = {"orgID": org_id, "description": description, "permissions": list(permissions)}
        return str(self._asked("create a token", "POST", "/api/v2/authorizations", body)["token"])

    def drop_token(self, token_id: str) -> None:
        """It works no more."""
        self._asked("delete a token", "DELETE", f"/api/v2/authorizations/{token_id}")

    def stacks(self, org_id: str, name: str) -> list[dict[str, Any]]:
        """The stacks of this name, oldest first: what a template was applied as."""
        found = self._asked("list stacks", "GET", "/api/v2/stacks", orgID=org_id, name=name)["stacks"]
        return sorted(found, key=lambda one: str(one["id"]))

    def create_stack(self, org_id: str, name: str) -> str:
        """A new stack's id."""
        body = {"orgID": org_id, "name": name, "description": "", "urls": []}
        return str(self._asked("create a stack", "POST", "/api/v2/stacks", body)["id"])

    def describe_stack(self, stack_id: str, description: str) -> None:
        """Write a description at a stack."""
        self._asked("describe a stack", "PATCH", f"/api/v2/stacks/{stack_id}", {"description": description})

    def apply(self, org_id: str, stack_id: str, contents: Sequence[object], *, dry_run: bool) -> dict[str, Any]:
        """Apply a template to a stack, or say what that would change."""
        body = {
            "orgID": org_id,
            "dryRun": dry_run,
            "template": {"contentType": "json", "sources": [], "contents": list(contents)},
        }
        if stack_id:
            body["stackID"] = stack_id
        return dict(self._asked("take the template", "POST", "/api/v2/templates/apply", body))

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def _asked(self, doing: str, method: str, path: str, body: object = None, **query: str) -> Any:
        try:
            with answers():
                return self._client.api_client.call_api(
                    path,
                    method,
                    query_params=list(query.items()),
                    header_params={"Accept": "application/json", "Content-Type": "application/json"},
                    body=body,
                    response_type="object",
                    auth_settings=[],
                    _return_http_data_only=True,
                )
        except Answer as answer:
            raise self._why(answer, doing) from answer

    def _why(self, answer: Answer, doing: str) -> Exception:
        url, org = self._settings.url, self._settings.org
        if answer.status == 401:
            return SetUpRefused(
                f"InfluxDB at {url} does not know the operator's token: it was set up with another one; name that one"
                " with --admin-token-file or GAUGE_INFLUX_ADMIN_TOKEN"
            )
        if answer.status == 403:
            return SetUpRefused(
                f"the operator's token may not {doing} ({answer}): take the one that InfluxDB was set up with, or an"
                f" all-access token of organisation {org!r}"
            )
        if answer.status == 404:
            return _NotFound(f"InfluxDB at {url} cannot {doing} ({answer}): see [influx] url and org")
        if 400 <= answer.status < 500 and answer.status != 429:
            return SetUpRefused(f"InfluxDB does not {doing} ({answer})")
        return StoreUnavailable(f"InfluxDB at {url} does not {doing} ({answer})")


class _NotFound(SetUpRefused):
    """It, or what it belongs to, is not there."""


def _rules(retention_days: int) -> list[dict[str, Any]]:
    return [{"type": "expire", "everySeconds": retention_days * _DAY_S}] if retention_days else []
