"""history: InfluxDB and the journal give the same answer; what happens when InfluxDB gives none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gauge_ingest.journal import Reader
from gauge_ingest.stores.influx import InfluxSettings, InfluxStore
from tests.commands.place import Place
from tests.commands.rain import fill
from tests.edges.influx_server import InfluxServer, real_influxdb, settings_for
from tests.worlds import HOUR, MINUTE, T0, message, text


@pytest.fixture(scope="module")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    folder: Path = tmp_path_factory.mktemp("influx")
    with real_influxdb(folder) as server:
        yield server


CALIBRATED = f"""
[[stations.HTB01.deployments]]
since = {text(T0 - 20 * HOUR)}
bucket_depth_mm = 0.2
correction = {{ tip_time_s = 0.45 }}
"""


@pytest.mark.parametrize(("seed", "added"), [(0, ""), (1, ""), (2, CALIBRATED)])
def test_influxdb_and_the_journal_give_the_same_history(
    place: Place, influx: InfluxServer, seed: int, added: str
) -> None:
    with (place.config / "stations.toml").open("a", encoding="utf-8") as file:
        file.write(added)
    with place.desk() as desk:
        fill(desk, seed, hours=50)
    with influx.bucket() as bucket:
        copied(place, influx, bucket)
        asked = ["history", "HTB01", "--since", text(T0 - 40 * HOUR + 7), "--until", text(T0 - 2 * HOUR - 7), "--every"]
        for step in ("raw", "5m", "1h", "1d", "month", "storm", "maxima"):
            journal = place.json(*asked, step, "--source", "journal")

            assert place.json(*asked, step, "--source", "influx") == journal, f"seed {seed}"
            assert place.json(*asked, step) == journal
            place.journal.rename(place.journal.with_suffix(".away"))
            assert place.json(*asked, step) == journal, "where there is no journal, InfluxDB is asked"
            place.journal.with_suffix(".away").rename(place.journal)
            assert len(journal) > 0
            assert any(row["rain_mm"] != row["corrected_mm"] for row in journal) is bool(added)
        shown, copy = place.run(*asked, "1h"), place.run(*asked, "1h", "--source", "influx")
    assert "from journal" in shown.stdout
    assert "from InfluxDB" in copy.stdout


def copied(place: Place, influx: InfluxServer, bucket: str) -> None:
    """Everything of the journal in a bucket, and the place told of it."""
    settings = settings_for(influx.url).model_copy(update={"bucket": bucket, "org": influx.org})
    told = {"URL": influx.url, "TOKEN": influx.token, "ORG": influx.org, "BUCKET": bucket}
    place.environ = {f"GAUGE_INFLUX_{key}": value for key, value in told.items()}
    store = InfluxStore(InfluxSettings(**{**dict(settings), "token": influx.token}), place.configuration().stations)
    reader = Reader.open(place.journal)
    store.write(list(reader.rows("HTB01", since=0, until=1 << 61)), [])
    reader.close()
    store.close()


def test_an_influxdb_that_cannot_be_reached_is_not_missed_where_there_is_a_journal(place: Place) -> None:
    with place.desk() as desk:
        desk.now = T0 + HOUR
        desk.take(message([(T0, 10), (T0 + 5 * MINUTE, 13)]))
    place.environ = {"GAUGE_INFLUX_URL": "http://127.0.0.1:9", "GAUGE_INFLUX_TOKEN": "secret-of-nobody"}
    asked = ["history", "HTB01", "--since", "24h", "--every", "raw", "--json"]

    auto, only = place.run(*asked), place.run(*asked, "--source", "influx")

    assert (auto.exit_code, auto.stderr) == (0, "")
    assert '"tips": 3' in auto.stdout
    assert (only.exit_code, only.stdout) == (3, "")
    assert "cannot be reached" in only.stderr
    assert "secret-of-nobody" not in auto.output + only.output


def test_the_journal_alone_is_asked_where_it_is_named(place: Place) -> None:
    with place.desk() as desk:
        desk.now = T0 + HOUR
        desk.take(message([(T0, 10), (T0 + 5 * MINUTE, 13)]))
    place.environ = {"GAUGE_INFLUX_URL": "http://127.0.0.1:9", "GAUGE_INFLUX_TOKEN": "secret-of-nobody"}

    rows = place.json("history", "HTB01", "--since", "24h", "--every", "raw", "--source", "journal")

    assert [row["tips"] for row in rows] == [0, 3]


def test_asking_an_influxdb_that_is_not_configured_is_wrong_use(place: Place) -> None:
    result = place.run("history", "HTB01", "--since", "24h", "--every", "1h", "--source", "influx")

    assert (result.exit_code, result.stdout) == (2, "")
    assert "--source" in result.stderr
