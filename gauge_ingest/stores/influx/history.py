"""Reads back what was written to InfluxDB."""

from gauge_ingest.core.fixed import StoredIncrement
from gauge_ingest.core.model import DAY_MS
from gauge_ingest.stores import StoreUnavailable
from gauge_ingest.stores.flux import increments_query, stored_increments
from gauge_ingest.stores.influx.client import WORDS_MAX, Answer, answers, client_of, unavailable
from gauge_ingest.stores.influx.settings import InfluxSettings

PAGE_MS = 92 * DAY_MS  # of history in one query: 26,000 increments at one each five minutes, half a second


class InfluxHistory:
    """Reads back the increments that InfluxStore wrote."""

    def __init__(self, settings: InfluxSettings) -> None:
        self._settings = settings
        self._client = client_of(settings)
        self._query_api = self._client.query_api()

    def rows(self, station: str, *, since: int, until: int) -> list[StoredIncrement]:
        """Increments that end in (since, until], in order; void ones with 0 tips. Or StoreUnavailable."""
        pages = ((start, min(start + PAGE_MS, until)) for start in range(since, until, PAGE_MS))
        return [stored for start, end in pages for stored in self._page(station, since=start, until=end)]

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def _page(self, station: str, *, since: int, until: int) -> list[StoredIncrement]:
        query = increments_query(self._settings.bucket, station, since=since, until=until)
        try:
            with answers():
                text = self._query_api.query_raw(query, self._settings.org).data.decode()
            return stored_increments(text)
        except Answer as answer:
            raise unavailable(answer, self._settings, self._settings.bucket) from answer
        except (ValueError, LookupError) as error:
            raise StoreUnavailable(f"InfluxDB broke off its answer, or it is none: {str(error)[:WORDS_MAX]}") from error
