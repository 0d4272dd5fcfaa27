"""The template of dashboards and variables: read, fitted to the names of our buckets, applied once.

InfluxDB keeps what a template made as a stack. Applied again to its stack a template changes its dashboards in place;
without one each run would add the dashboards once more (InfluxDB 2.8: pkger/service.go). What was applied last is
remembered in the description of the stack.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from gauge_ingest.stores.flux import flux_text
from gauge_ingest.stores.influx.admin import Admin, SetUpRefused
from gauge_ingest.stores.influx.settings import InfluxSettings

STACK = "gauge-ingest"
API_VERSION = "influxdata.com/v2alpha1"
_BUCKET = re.compile(r'bucket: "(\w+)"')


class Template:
    """Dashboards, variables and labels, with our buckets in their queries."""

    def __init__(self, contents: Sequence[object]) -> None:
        self._contents = contents
        self._digest = hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()

    @classmethod
    def read(cls, path: Path, settings: InfluxSettings) -> "Template":
        """The template in a file; SetUpRefused names the file and what would be right."""
        try:
            parts = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise SetUpRefused(
                f"{path} cannot be read ({error.strerror}): name the template with --template"
            ) from error
        except (yaml.YAMLError, ValueError) as error:
            raise SetUpRefused(f"{path} is no YAML ({' '.join(str(error).split())})") from error
        for number, part in enumerate(parts, 1):
            if not isinstance(part, Mapping) or part.get("apiVersion") != API_VERSION:
                raise SetUpRefused(f"{path}: document {number} must begin with apiVersion: {API_VERSION}")
        default = InfluxSettings().buckets
        names = {default[measurement].name: one.name for measurement, one in settings.buckets.items()}
        return cls([_fitted(part, names) for part in parts])

    @property
    def kinds(self) -> str:
        """How many of each kind it has."""
        kinds = [str(part["kind"]).lower() for part in self._contents if isinstance(part, Mapping)]
        return ", ".join(f"{kinds.count(kind)} {kind}{'s' * (kinds.count(kind) > 1)}" for kind in dict.fromkeys(kinds))

    def missing(self, admin: Admin, org_id: str) -> str:
        """What is to be done to have it there as it is; empty: nothing."""
        stacks = admin.stacks(org_id, STACK)
        if not stacks:
            return "not applied yet"
        if self._digest not in str(stacks[0].get("description", "")):
            return "another one was applied before"
        would = admin.apply(org_id, str(stacks[0]["id"]), self._contents, dry_run=True)
        gone = [
            one
            for kind in ("dashboards", "variables", "labels")
            for one in would["diff"].get(kind) or ()
            if not (one.get("old") or {}).get("name")  # InfluxDB 2.8 says "exists" of what a person has deleted
        ]
        return f"{len(gone)} of its parts were deleted" if gone else ""

    def apply(self, admin: Admin, org_id: str) -> None:
        """Have it there as it is; dashboards that it made before are changed in place."""
        stacks = admin.stacks(org_id, STACK)
        stack_id = str(stacks[0]["id"]) if stacks else admin.create_stack(org_id, STACK)
        answer = admin.apply(org_id, stack_id, self._contents, dry_run=False)
        errors = answer.get("errors")
        if errors:
            raise SetUpRefused(f"InfluxDB does not take the template: {json.dumps(errors)[:500]}")
        admin.describe_stack(stack_id, f"made by gauge-ingest influx setup, sha256 {self._digest}")

    def check(self, admin: Admin, org_id: str) -> None:
        """See that InfluxDB would take it; changes nothing."""
        admin.apply(org_id, "", self._contents, dry_run=True)


def _fitted(part: Any, names: Mapping[str, str]) -> Any:
    """The same with the names of our buckets wherever a query reads one."""
    if isinstance(part, Mapping):
        return {name: _fitted(value, names) for name, value in part.items()}
    if isinstance(part, list):
        return [_fitted(value, names) for value in part]
    if isinstance(part, str):
        return _BUCKET.sub(lambda found: f"bucket: {flux_text(names.get(found[1], found[1]))}", part)
    return part
