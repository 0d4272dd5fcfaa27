"""One bucket of InfluxDB 2: made ready, written to, and what its refusals mean."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from gauge_ingest.core.model import DAY_MS, SECOND_MS
from gauge_ingest.stores import Refused, StoreRejected, StoreUnavailable
from gauge_ingest.stores.influx.client import Answer, Missing, answers, unavailable
from gauge_ingest.stores.influx.search import Search
from gauge_ingest.stores.influx.settings import BucketSettings, InfluxSettings
from gauge_ingest.stores.lines import Line

FEW_ROWS = 3  # that many rows refused say nothing about the store

# The body is at fault, or may be: 2.8 answers 500 to a body it cannot unpack as well as to a full disk.
_DIVISIBLE = frozenset({400, 413, 422, 500})
# InfluxDB 2.8 answers 500 to an empty body where the client is set to gzip: it sends nothing and calls it compressed.
_NOTHING = b"\n"
_OUT_OF_RETENTION = "outside retention policy"
_DISK_FULL = "no space left on device"
# 1.8 gives its words within JSON, with backslashes.
_CONFLICT = re.compile(
    r'input field \\?"([^"\\]+)\\?" on measurement \\?"([^"\\]+)\\?" is .*already exists as type (\w+)'
)


class Bucket:
    """Where lines of one or more measurements go."""

    def __init__(self, settings: InfluxSettings, bucket: BucketSettings, client: Any, write_api: Any) -> None:
        self.name = bucket.name
        self._settings, self._retention_days = settings, bucket.retention_days
        self._client, self._write_api = client, write_api
        self._refused_before: dict[str, Answer] = {}

    def prepare(self) -> None:
        """See that token and bucket take a write; creates a missing bucket where the token may. Or StoreUnavailable."""
        try:
            self._probe()
        except Missing as missing:
            self._create(missing)
            self._probe()

    def identity(self) -> str:
        """The id that the server gave it; empty where the token may not look."""
        try:
            with answers():
                found = self._client.buckets_api().find_buckets(name=self.name, org=self._settings.org).buckets
        except (Answer, StoreUnavailable):
            return ""
        return next((str(one.id) for one in found or () if one.name == self.name), "")

    def write(self, lines: Sequence[Line]) -> None:
        """Put lines there; raises StoreUnavailable or StoreRejected (the rest is there)."""
        known = self._refused_before
        search = Search(self._send, [line for line in lines if line[0] not in known] if known else lines)
        try:
            search.run()
        except StoreUnavailable:
            if search.spent:  # the next attempt goes on from here, so that each batch has an end
                known.update((line, answer) for (line, _), answer in search.refused if answer.status != 500)
            raise
        refused = search.refused + [(line, known[line[0]]) for line in lines if line[0] in known]
        known.clear()
        if refused:
            self._judge(lines, refused, taken=search.taken)

    def _send(self, body: bytes) -> "Answer | None":
        """None when everything is taken, an answer when the body may be at fault, else StoreUnavailable."""
        try:
            with answers():
                self._write_api.write(self.name, self._settings.org, body, write_precision="ns")
            status = self._client.api_client.last_response.status
            if status != 204:  # some web server that says yes to everything: it has kept nothing
                raise Answer(status, "not the 204 of an InfluxDB")
        except Answer as answer:
            if _DISK_FULL in answer.words:
                remedy = "make room there, and start it anew if it goes on to refuse"
                raise StoreUnavailable(f"the disk of InfluxDB is full ({answer}): {remedy}") from answer
            if answer.status in _DIVISIBLE:
                return answer
            raise unavailable(answer, self._settings, self.name) from answer
        return None

    def _probe(self) -> None:
        """A write of nothing tests the address, the token and the bucket; looking the bucket up does not."""
        answer = self._send(_NOTHING)
        if answer is not None:
            raise StoreUnavailable(f"InfluxDB does not even take a write of nothing ({answer}): see [influx] url")

    def _create(self, missing: "Missing") -> None:
        every_s = self._retention_days * DAY_MS // SECOND_MS
        rules = [{"type": "expire", "everySeconds": every_s}] if every_s else []
        try:
            with answers():
                buckets = self._client.buckets_api()
                buckets.create_bucket(bucket_name=self.name, org=self._settings.org, retention_rules=rules)
        except Answer as answer:
            if answer.status == 422 and "already exists" in answer.words:
                return  # made by somebody else meanwhile, or hidden from this token: the next write tells which
            raise StoreUnavailable(f"{missing}; creating it failed too ({answer})") from answer

    def _judge(self, lines: Sequence[Line], refused: "Sequence[tuple[Line, Answer]]", *, taken: bool) -> None:
        """Is it the rows or the store? Raises StoreRejected or StoreUnavailable."""
        if not taken:
            broken = [answer for _, answer in refused if answer.status == 500]
            if broken:
                raise StoreUnavailable(f"InfluxDB takes nothing ({broken[0]}): see its log, its disk and its memory")
            self._probe()
        reasons = Counter(reason for _, reason in {(id(item), answer.reason) for (_, item), answer in refused})
        reason, rows = reasons.most_common(1)[0]
        # Rows older than the bucket's retention are never wanted there: a store that waits for them waits for ever.
        if rows > FEW_ROWS and rows * 2 > len({id(item) for _, item in lines}) and _OUT_OF_RETENTION not in reason:
            raise self._ill(rows, next(answer for _, answer in refused if answer.reason == reason))
        items: dict[int, Refused] = {}
        for (_, item), answer in refused:
            before = items.get(id(item))
            items[id(item)] = Refused(item, f"{before.reason}; {answer}" if before else str(answer))
        raise StoreRejected(list(items.values()))

    def _ill(self, rows: int, answer: Answer) -> StoreUnavailable:
        refuses = f"InfluxDB refuses {rows} rows of one batch for one reason"
        found = _CONFLICT.search(answer.words)
        if found is None:
            return StoreUnavailable(f"{refuses}: mend it there ({answer})")
        field, measurement, kind = found.groups()
        # 2.8 keeps the type of a field for as long as the shard is there: to delete the points does not help.
        return StoreUnavailable(
            f"{refuses}: somebody else has written the field {field} of {measurement} as {kind} into bucket"
            f" {self.name!r}: stop them, then delete the bucket; it is made and filled anew from the journal ({answer})"
        )
