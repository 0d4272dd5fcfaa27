"""What stands in the buckets, point by point, and how a point is taken out of them."""

from datetime import UTC, datetime, timedelta

from gauge_ingest.core.model import DAY_MS, SECOND_MS
from gauge_ingest.stores import StoreUnavailable
from gauge_ingest.stores.flux import points_query, tag_values_query, values_answered
from gauge_ingest.stores.influx.client import WORDS_MAX, Answer, answers, client_of, unavailable
from gauge_ingest.stores.influx.settings import InfluxSettings
from gauge_ingest.stores.points import Place, Points, Tags, points_answered

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class InfluxCopied:
    """Reads points as they stand, of whatever type; raises StoreUnavailable. The token must read, to remove write."""

    def __init__(self, settings: InfluxSettings) -> None:
        self._settings = settings
        self._client = client_of(settings)
        self._query_api = self._client.query_api()

    def points(self, measurement: str, *, since: int, until: int, tags: Tags) -> Points:
        """Points of a measurement in its bucket, in (since, until], with these tags and any others."""
        bucket = self._settings.buckets[measurement].name
        text = self._ask(bucket, points_query(bucket, measurement, since=since, until=until, tags=tags))
        try:
            return points_answered(text, measurement)
        except (ValueError, LookupError) as error:
            raise _broken_off(error) from error

    def tag_values(self, measurement: str, tag: str, *, since: int, until: int) -> set[str]:
        """The values of a tag in a measurement, in (since, until]; empty for points that do not have it."""
        bucket = self._settings.buckets[measurement].name
        return self._values(bucket, tag_values_query(bucket, measurement, tag, since=since, until=until))

    def kept_since(self, measurement: str, *, now: int) -> int:
        """Up to when the bucket of a measurement has forgotten what it had, by its own retention; 0: it keeps all."""
        bucket = self._settings.buckets[measurement]
        every_s = bucket.retention_days * DAY_MS // SECOND_MS
        try:
            with answers():
                found = self._client.buckets_api().find_buckets(name=bucket.name, org=self._settings.org).buckets
        except Answer as answer:
            if answer.status != 404:
                raise unavailable(answer, self._settings, bucket.name) from answer
            found = ()  # InfluxDB 1.8 has retention policies, and no such address
        for one in found or ():
            if one.name == bucket.name:
                every_s = max((rule.every_seconds for rule in one.retention_rules or ()), default=0)
        return now - every_s * SECOND_MS if every_s else 0

    def remove(self, first: Place, last: Place) -> None:
        """Take out what has the tags of two places, and perhaps more tags, from the one to the other.

        2.8 cannot be told to spare what has more tags (`tag=""` finds nothing there).
        """
        bucket = self._settings.buckets[first.measurement].name
        tags = [f'"{name}"="{_quoted(value)}"' for name, value in first.tags]
        where = " AND ".join([f'_measurement="{first.measurement}"', *tags])
        begin, end = _rfc3339(first.at_ns), _rfc3339(last.at_ns)
        try:
            with answers():
                self._client.delete_api().delete(begin, end, where, bucket=bucket, org=self._settings.org)
        except Answer as answer:
            if answer.status == 404 and "page not found" in answer.words:
                raise StoreUnavailable(
                    f"this InfluxDB takes nothing out on request ({answer}), as 1.8: do it there with DELETE"
                ) from answer
            raise unavailable(answer, self._settings, bucket) from answer

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def _values(self, bucket: str, query: str) -> set[str]:
        try:
            return values_answered(self._ask(bucket, query))
        except (ValueError, LookupError) as error:
            raise _broken_off(error) from error

    def _ask(self, bucket: str, query: str) -> str:
        try:
            with answers():
                return str(self._query_api.query_raw(query, self._settings.org).data.decode())
        except Answer as answer:
            raise unavailable(answer, self._settings, bucket) from answer


def _broken_off(error: Exception) -> StoreUnavailable:
    return StoreUnavailable(f"InfluxDB broke off its answer, or it is none: {str(error)[:WORDS_MAX]}")


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


def _rfc3339(at_ns: int) -> str:
    seconds, fraction = divmod(at_ns, 1_000_000_000)
    return f"{(_EPOCH + timedelta(seconds=seconds)):%Y-%m-%dT%H:%M:%S}.{fraction:09d}Z"
