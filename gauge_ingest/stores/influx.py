"""Copies rows and alert events to InfluxDB 2 and reads them back; the only home of influxdb_client."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from gauge_ingest.core.model import DAY_MS, SECOND_MS, AlertEvent, Row, Station
from gauge_ingest.stores import Refused, StoreRejected, StoreUnavailable
from gauge_ingest.stores.lines import Line, LineProtocol, StoredIncrement, increments_query, stored_increments

REQUESTS_MAX = 500  # for one batch: one bad line in 10,000 takes 29, about 20 scattered ones take them all
FRUITLESS_MAX = 40  # requests without one that is taken: halving 500,000 lines down to single ones takes 39
FEW_ROWS = 3  # that many rows refused say nothing about the store
WORDS_MAX = 500
RETRY_AFTER_MAX_S = 3_600.0
PAGE_MS = 92 * DAY_MS  # of history in one query: 26,000 increments at one each five minutes, half a second

# The body is at fault, or may be: 2.8 answers 500 to a body it cannot unpack as well as to a full disk.
_DIVISIBLE = frozenset({400, 413, 422, 500})
# InfluxDB 2.8 answers 500 to an empty body where the client is set to gzip: it sends nothing and calls it compressed.
_NOTHING = b"\n"
_OUT_OF_RETENTION = "outside retention policy"


class InfluxSettings(BaseModel):
    """Section [influx] of gauge_ingest.toml. Without a url the copy is off."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: str = ""
    org: str = "hutubi"
    bucket: str = "rain"
    token: SecretStr = SecretStr("")
    retention_days: int = Field(default=0, ge=0)
    timeout_s: float = Field(default=10.0, gt=0, le=300)
    batch_rows_max: int = Field(default=10_000, ge=1, le=200_000)
    gzip: bool = False  # on one machine it only costs; over a slow link it saves nine tenths of the bytes


class InfluxStore:
    """A bucket with the measurements `rain`, `station` and `alert`, for the stations as they stand when it is made."""

    def __init__(self, settings: InfluxSettings, stations: Mapping[str, Station]) -> None:
        from influxdb_client.client.write_api import SYNCHRONOUS

        self._settings = settings
        self._protocol = LineProtocol(stations)
        self._client = _client(settings)
        self._write_api = self._client.write_api(write_options=SYNCHRONOUS)
        self._refused_before: dict[str, _Answer] = {}

    @property
    def name(self) -> str:
        """What its position is remembered under."""
        return f"influx {self._settings.url} {self._settings.org}/{self._settings.bucket}"

    def prepare(self) -> None:
        """See that token and bucket take a write; creates a missing bucket where the token may. Or StoreUnavailable."""
        try:
            self._probe()
        except _Missing as missing:
            self._create_bucket(missing)
            self._probe()

    def write(self, rows: Sequence[Row], events: Sequence[AlertEvent]) -> None:
        """Copy rows and events; raises StoreUnavailable or StoreRejected (the rest is there)."""
        lines = self._protocol.lines(rows, events)
        known = self._refused_before
        search = _Search(self._send, [line for line in lines if line[0] not in known] if known else lines)
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

    def close(self) -> None:
        """Let go of connections."""
        self._write_api.close()
        self._client.close()

    def _send(self, body: bytes) -> "_Answer | None":
        """None when everything is taken, an answer when the body may be at fault, else StoreUnavailable."""
        try:
            with _answers():
                self._write_api.write(self._settings.bucket, self._settings.org, body, write_precision="ns")
            status = self._client.api_client.last_response.status
            if status != 204:  # some web server that says yes to everything: it has kept nothing
                raise _Answer(status, "not the 204 of an InfluxDB")
        except _Answer as answer:
            if answer.status in _DIVISIBLE:
                return answer
            raise _unavailable(answer, self._settings) from answer
        return None

    def _probe(self) -> None:
        """A write of nothing tests the address, the token and the bucket; looking the bucket up does not."""
        answer = self._send(_NOTHING)
        if answer is not None:
            raise StoreUnavailable(f"InfluxDB does not even take a write of nothing ({answer}): see [influx] url")

    def _create_bucket(self, missing: "_Missing") -> None:
        every_s = self._settings.retention_days * DAY_MS // SECOND_MS
        rules = [{"type": "expire", "everySeconds": every_s}] if every_s else []
        try:
            with _answers():
                buckets = self._client.buckets_api()
                buckets.create_bucket(bucket_name=self._settings.bucket, org=self._settings.org, retention_rules=rules)
        except _Answer as answer:
            if answer.status == 422 and "already exists" in answer.words:
                return  # made by somebody else meanwhile, or hidden from this token: the next write tells which
            raise StoreUnavailable(f"{missing}; creating it failed too ({answer})") from answer

    def _judge(self, lines: Sequence[Line], refused: "Sequence[tuple[Line, _Answer]]", *, taken: bool) -> None:
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
            answer = next(answer for _, answer in refused if answer.reason == reason)
            raise StoreUnavailable(
                f"InfluxDB refuses {rows} rows of one batch for one reason: mend it there ({answer})"
            )
        items: dict[int, Refused] = {}
        for (_, item), answer in refused:
            before = items.get(id(item))
            items[id(item)] = Refused(item, f"{before.reason}; {answer}" if before else str(answer))
        raise StoreRejected(list(items.values()))


class InfluxHistory:
    """Reads back the increments that InfluxStore wrote."""

    def __init__(self, settings: InfluxSettings) -> None:
        self._settings = settings
        self._client = _client(settings)
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
            with _answers():
                text = self._query_api.query_raw(query, self._settings.org).data.decode()
            return stored_increments(text)
        except _Answer as answer:
            raise _unavailable(answer, self._settings) from answer
        except (ValueError, LookupError) as error:
            raise StoreUnavailable(f"InfluxDB broke off its answer, or it is none: {str(error)[:WORDS_MAX]}") from error


class _Answer(Exception):
    """What the server said instead of yes."""

    def __init__(self, status: int, words: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(f"{status}: {words[:WORDS_MAX]}")
        self.status, self.words, self.retry_after_s = status, words, retry_after_s

    @property
    def dropped(self) -> int | None:
        """How many points it left out; too few where it left some out for another reason than the one it names."""
        found = re.search(r"dropped=(\d+)", self.words) if self.status == 422 else None
        return int(found[1]) if found else None

    @property
    def reason(self) -> str:
        """Its words without the numbers and names that differ from row to row."""
        return re.sub(r"'[^']*'|\"[^\"]*\"|\d+", "…", self.words[:WORDS_MAX])


class _Missing(StoreUnavailable):
    """No such bucket, or none that the token may see."""


class _Search:
    """Sends lines in one body, and finds by halving those that the server will not take."""

    def __init__(self, send: Callable[[bytes], _Answer | None], lines: Sequence[Line]) -> None:
        self._send, self._lines, self._requests = send, lines, 0
        self.refused: list[tuple[Line, _Answer]] = []
        self.taken = False
        self.spent = False  # the requests ran out while some lines were taken and others not

    def run(self) -> None:
        """Afterwards every line is taken or among the refused; or StoreUnavailable."""
        failing = self._failing([self._lines] if self._lines else [])
        while failing:
            part, answer = failing.pop()
            if len(part) == 1 or answer.dropped == len(part):
                self.refused += [(line, answer) for line in part]
            else:  # both halves first, then deeper: one that is taken is met soon, or there is none
                failing += self._failing([part[len(part) // 2 :], part[: len(part) // 2]])
        if self.taken:  # a 500 may have been a moment's weakness
            suspects = [(line, answer) for line, answer in self.refused if answer.status == 500]
            again = self._failing([[line] for line, _ in suspects])
            self.refused = [pair for pair in self.refused if pair[1].status != 500]
            self.refused += [(part[0], answer) for part, answer in again]

    def _failing(self, parts: Sequence[Sequence[Line]]) -> list[tuple[Sequence[Line], _Answer]]:
        failing = []
        for part in parts:
            answer = self._send("\n".join([line for line, _ in part]).encode("utf-8", "replace"))
            self._requests += 1
            if answer is None:
                self.taken = True
            elif self._requests >= (REQUESTS_MAX if self.taken else FRUITLESS_MAX):
                self.spent = self.taken
                raise StoreUnavailable(f"InfluxDB refuses too much to find it in {self._requests} requests ({answer})")
            else:
                failing.append((part, answer))
        return failing


def _client(settings: InfluxSettings) -> Any:
    # Imported here because it takes 0.3 s, and every command imports the settings above.
    from influxdb_client.client.influxdb_client import InfluxDBClient

    return InfluxDBClient(
        settings.url,
        # A file that holds a token mostly ends with a line break, which no header may carry.
        token=settings.token.get_secret_value().strip(),
        org=settings.org,
        timeout=round(settings.timeout_s * SECOND_MS),
        enable_gzip=settings.gzip,
        retries=False,
        debug=False,  # it would print bodies
    )


@contextmanager
def _answers() -> Iterator[None]:
    """Turns what a request may raise into _Answer, or StoreUnavailable where there was no answer."""
    from influxdb_client.client.exceptions import InfluxDBError
    from urllib3.exceptions import HTTPError

    try:
        yield
    except InfluxDBError as error:
        status = getattr(error, "status", 404)  # "cannot find organization" is the client's own and has none
        if not status:  # TLS
            raise StoreUnavailable(f"InfluxDB cannot be reached: {' '.join(str(error).split())}") from error
        headers = getattr(error, "headers", None) or {}
        wait_s = _retry_after_s(headers.get("Retry-After"), headers.get("Date"))
        raise _Answer(status, " ".join(str(error.message).split()), retry_after_s=wait_s) from None
    except (HTTPError, OSError) as error:
        raise StoreUnavailable(f"InfluxDB cannot be reached: {type(error).__name__}: {error}") from error
    except (UnicodeDecodeError, TypeError, AttributeError):  # the client trips over answers that it does not expect
        raise StoreUnavailable("the answer is not that of an InfluxDB: see [influx] url") from None
    except ValueError:  # http.client puts the whole header into its message, with the token
        raise StoreUnavailable("[influx] token or url hold characters that no request may carry") from None


def _unavailable(answer: _Answer, settings: InfluxSettings) -> StoreUnavailable:
    """What to mend, in a sentence, with the server's words."""
    place = f"bucket {settings.bucket!r} of organisation {settings.org!r}"
    if answer.status == 401:
        return StoreUnavailable(
            f"InfluxDB does not know the token ({answer}): set GAUGE_INFLUX_TOKEN (or …_FILE) to one of its own"
        )
    if answer.status == 403:
        return StoreUnavailable(f"the token may not use {place} ({answer}): give it the permission, or another token")
    if answer.status == 404:
        return _Missing(f"{place} is missing, or hidden from the token ({answer}): create it, or mend the settings")
    if answer.status < 400 or answer.status == 405:
        return StoreUnavailable(f"no InfluxDB answers there ({answer}): mend [influx] url")
    return StoreUnavailable(f"InfluxDB takes nothing now ({answer})", retry_after_s=answer.retry_after_s)


def _retry_after_s(header: str | None, server_date: str | None) -> float | None:
    """Seconds or a date; a date is compared with the server's own, so that no clock of ours matters."""
    try:
        wait_s = float(header or "nan")
    except ValueError:
        try:
            wait_s = (parsedate_to_datetime(header or "") - parsedate_to_datetime(server_date or "")).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(wait_s, 0.0), RETRY_AFTER_MAX_S) if wait_s == wait_s else None
