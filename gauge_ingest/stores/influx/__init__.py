"""InfluxDB 2: where readings, hours, days, alerts and the stations' state are copied to, and read back from."""

from gauge_ingest.stores.influx.copied import InfluxCopied as InfluxCopied
from gauge_ingest.stores.influx.history import InfluxHistory as InfluxHistory
from gauge_ingest.stores.influx.settings import InfluxSettings as InfluxSettings
from gauge_ingest.stores.influx.store import InfluxStore as InfluxStore
from gauge_ingest.stores.influx.store import InfluxWindows as InfluxWindows
