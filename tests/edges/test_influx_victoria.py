"""The same store in front of VictoriaMetrics, which takes the write path of InfluxDB 2."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gauge_ingest.stores.influx import InfluxStore
from tests.edges.influx_server import AT, VictoriaMetrics, row, running_victoria_metrics, settings_for, station
from tests.edges.test_influx_lines import EVENT


@pytest.fixture(scope="module")
def victoria(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VictoriaMetrics]:
    folder: Path = tmp_path_factory.mktemp("victoria")
    with running_victoria_metrics(folder) as server:
        yield server


def samples(victoria: VictoriaMetrics, station_id: str) -> dict[str, list[tuple[int, float]]]:
    """Each field with its times and values."""
    found = {}
    for series in victoria.export(f'{{station="{station_id}"}}'):
        pairs = zip(series["timestamps"], series["values"], strict=True)
        found[series["metric"]["__name__"]] = sorted(pairs)
    return found


def test_rows_arrive_field_by_field_at_the_end_of_their_intervals(victoria: VictoriaMetrics) -> None:
    store = InfluxStore(settings_for(victoria.url), {"V1": station("V1")})
    store.prepare()

    store.write([row(station="V1", battery_v=12.5), row(station="V1", observed_at=AT + 300_000, tips=0)], [])

    found = samples(victoria, "V1")
    assert found["rain_tips"] == [(AT, 3), (AT + 300_000, 0)]
    assert found["rain_rain_mm"] == [(AT, 1.5), (AT + 300_000, 0)]
    assert found["rain_quality"] == [(AT, 1), (AT + 300_000, 1)]
    assert found["rain_span_s"] == [(AT, 300), (AT + 300_000, 300)]
    assert found["station_battery_v"] == [(AT, 12.5)]
    assert {"rain_tips_min", "rain_tips_max", "rain_count", "rain_step"} < set(found)


def test_rain_of_the_year_2000_is_kept(victoria: VictoriaMetrics) -> None:
    store = InfluxStore(settings_for(victoria.url), {})

    store.write([row(station="V2", observed_at=946_684_800_000)], [])

    assert samples(victoria, "V2")["rain_tips"] == [(946_684_800_000, 3)]


def test_the_name_of_a_station_arrives_as_it_is(victoria: VictoriaMetrics) -> None:
    store = InfluxStore(settings_for(victoria.url), {})

    store.write([row(station="石门 a,b=c")], [])

    assert samples(victoria, "石门 a,b=c")["rain_tips"] == [(AT, 3)]


def test_gzip_is_understood(victoria: VictoriaMetrics) -> None:
    store = InfluxStore(settings_for(victoria.url, gzip=True), {})
    store.prepare()

    store.write([row(station="V4")], [])

    assert samples(victoria, "V4")["rain_tips"] == [(AT, 3)]


def test_the_reason_of_an_alert_is_never_taken_for_rain(victoria: VictoriaMetrics) -> None:
    """Goal: line breaks in a reason start no line: VictoriaMetrics cuts there, even within a string."""
    store = InfluxStore(settings_for(victoria.url), {})

    store.write([row(station="V5")], [EVENT])

    (series,) = victoria.export('{__name__="alert_event_id"}')
    assert (series["metric"]["scope"], series["values"]) == ("石门 1", [12])
    assert samples(victoria, "HTB01") == {}
