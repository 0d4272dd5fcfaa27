"""The export to an upper platform, from a configuration."""

from collections.abc import Callable

from gauge_ingest.configuration import Configuration
from gauge_ingest.stores.sl323.store import Sl323Store


def export_store(configuration: Configuration, now: Callable[[], int]) -> Sl323Store | None:
    """The store that windows of rain are exported to; None without `[export] url`."""
    export = configuration.settings.export
    return Sl323Store(export, configuration.stations, configuration.platform, now=now) if export.url else None
