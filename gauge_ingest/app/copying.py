"""The followers that copy to stores, as a configuration has them."""

from collections.abc import Callable

from gauge_ingest.configuration import Configuration
from gauge_ingest.outbound import CopyFollower, Positions, StoreFollower, WindowFollower
from gauge_ingest.stores.influx import InfluxStore, InfluxWindows


def copying(configuration: Configuration, positions: Positions, now: Callable[[], int]) -> list[CopyFollower]:
    """One for each store that is configured."""
    settings = configuration.settings
    influx, journal, retry_max_s = settings.influx, settings.journal_path, float(settings.outbound.retry_max_s)
    if not influx.url:
        return []
    rows = StoreFollower(
        InfluxStore(influx, configuration.stations),
        journal,
        positions,
        now=now,
        retry_max_s=retry_max_s,
        rows_max=influx.batch_rows_max,
        catch_up_rows_max=influx.catch_up_rows_max,
        configuration=configuration.digest,
        catch_up=influx.catch_up,
    )
    windows = WindowFollower(
        InfluxWindows(influx),
        configuration.stations,
        journal,
        positions,
        now=now,
        retry_max_s=retry_max_s,
        configuration=configuration.digest,
        catch_up=influx.catch_up,
    )
    return [rows, windows]


def names_of(configuration: Configuration) -> list[str]:
    """What the positions of these followers are remembered under."""
    influx = configuration.settings.influx
    return [InfluxStore(influx, {}).name, InfluxWindows(influx).name] if influx.url else []
