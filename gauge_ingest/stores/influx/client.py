"""The client of InfluxDB 2, and what its answers mean; the only home of influxdb_client."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import parsedate_to_datetime
from typing import Any

from gauge_ingest.core.model import SECOND_MS
from gauge_ingest.stores import StoreGone, StoreUnavailable
from gauge_ingest.stores.influx.settings import InfluxSettings

WORDS_MAX = 500
RETRY_AFTER_MAX_S = 3_600.0


class Answer(Exception):
    """What the server said instead of yes."""

    def __init__(self, status: int, words: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(f"{status}: {words[:WORDS_MAX]}")
        self.status, self.words, self.retry_after_s = status, words, retry_after_s

    @property
    def dropped(self) -> int | None:
        """How many points it left out; too few where it left some out for another reason than the one it names."""
        # 1.8 answers 400 to a partial write; 2.8 does so to a body of which it stores nothing, and drops none then.
        found = re.search(r"dropped=(\d+)", self.words) if self.status in (400, 422) else None
        return int(found[1]) if found else None

    @property
    def reason(self) -> str:
        """Its words without the numbers and names that differ from row to row."""
        return re.sub(r"'[^']*'|\"[^\"]*\"|\d+", "…", self.words[:WORDS_MAX])


class Missing(StoreGone):
    """No such bucket, or none that the token may see."""


def client_of(settings: InfluxSettings) -> Any:
    """A client that asks once and waits no longer than `timeout_s`."""
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
def answers() -> Iterator[None]:
    """Turns what a request may raise into Answer, or StoreUnavailable where there was no answer."""
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
        raise Answer(status, " ".join(str(error.message).split()), retry_after_s=wait_s) from None
    except (HTTPError, OSError) as error:
        raise StoreUnavailable(f"InfluxDB cannot be reached: {type(error).__name__}: {error}") from error
    except (UnicodeDecodeError, TypeError, AttributeError):  # the client trips over answers that it does not expect
        raise StoreUnavailable("the answer is not that of an InfluxDB: see [influx] url") from None
    except ValueError:  # http.client puts the whole header into its message, with the token
        raise StoreUnavailable("[influx] token or url hold characters that no request may carry") from None


def unavailable(answer: Answer, settings: InfluxSettings, bucket: str) -> StoreUnavailable:
    """What to mend, in a sentence, with the server's words."""
    place = f"bucket {bucket!r} of organisation {settings.org!r}"
    if answer.status == 401:
        return StoreUnavailable(
            f"InfluxDB does not know the token ({answer}): set GAUGE_INFLUX_TOKEN (or …_FILE) to one of its own"
        )
    if answer.status == 403:
        return StoreUnavailable(f"the token may not use {place} ({answer}): give it the permission, or another token")
    if answer.status == 404:
        return Missing(f"{place} is missing, or hidden from the token ({answer}): create it, or mend the settings")
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
