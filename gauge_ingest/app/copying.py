"""The followers that copy to stores, as a configuration has them."""

from collections.abc import Callable

from gauge_ingest.configuration import Configuration
from gauge_ingest.outbound import CopyFollower, Positions, StoreFollower, WindowFollower
from gauge_ingest.stores import WindowStore
from gauge_ingest.stores.influx import InfluxStore, InfluxWindows


def copying(configuration: Configuration, positions: Positions, now: Callable[[], int]) -> list[CopyFollower]:
    """One for each store that is configured."""
    settings = configuration.settings
    followers: list[CopyFollower] = []
    if settings.influx.url:
        influx = settings.influx
        rows = StoreFollower(
            InfluxStore(influx, configuration.stations),
            settings.journal_path,
            positions,
            now=now,
            retry_max_s=float(settings.outbound.retry_max_s),
            rows_max=influx.batch_rows_max,
            catch_up_rows_max=influx.catch_up_rows_max,
            configuration=configuration.digest,
            catch_up=influx.catch_up,
        )
        followers += [rows, _windows(configuration, InfluxWindows(influx), positions, now)]
    if settings.export.url:
        followers.append(_windows(configuration, _platform(configuration, now), positions, now))
    return followers


def names_of(configuration: Configuration) -> list[str]:
    """What the positions of these followers are remembered under."""
    names = influx_names(configuration)
    if configuration.settings.export.url:
        names.append(_platform(configuration, int).name)
    return names


def influx_names(configuration: Configuration) -> list[str]:
    """Of those that copy to InfluxDB."""
    influx = configuration.settings.influx
    return [InfluxStore(influx, {}).name, InfluxWindows(influx).name] if influx.url else []


def _platform(configuration: Configuration, now: Callable[[], int]) -> WindowStore:
    # Imported here because SQLAlchemy takes a while, and most services export nothing.
    from gauge_ingest.stores.sl323.store import Sl323Store

    return Sl323Store(configuration.settings.export, configuration.stations, configuration.platform, now=now)


def _windows(
    configuration: Configuration, store: WindowStore, positions: Positions, now: Callable[[], int]
) -> WindowFollower:
    settings = configuration.settings
    return WindowFollower(
        store,
        configuration.stations,
        settings.journal_path,
        positions,
        now=now,
        retry_max_s=float(settings.outbound.retry_max_s),
        configuration=configuration.digest,
        catch_up=settings.influx.catch_up,
    )
