"""Instants that no rain was ever measured at are refused by every command that takes a span."""

import pytest

from tests.commands.place import Place
from tests.worlds import T0, message

FAR = ("0001-01-01T00:00:00+08:00", "1799-12-31T00:00:00Z", "2300-01-01T00:00:00Z", "9999-12-31T23:59:59Z")
WORDS = {
    "history": ("history", "HTB01", "--every", "month"),
    "readings": ("readings", "HTB01"),
    "verify": ("verify",),
    "rebuild": ("rebuild",),
}


@pytest.mark.parametrize("command", WORDS)
@pytest.mark.parametrize("at", FAR)
@pytest.mark.parametrize("option", ["--since", "--until"])
def test_a_year_in_which_nobody_measured_is_wrong_use(place: Place, command: str, at: str, option: str) -> None:
    with place.desk() as desk:
        desk.take(message([(T0, 5)]))
    place.environ = {"GAUGE_INFLUX_URL": "http://127.0.0.1:9", "GAUGE_INFLUX_TOKEN": "none"}
    span = ("--since", at) if option == "--since" else ("--since", "24h", "--until", at)

    refused = place.run(*WORDS[command], *span)

    assert refused.exit_code == 2, refused.output
    assert f"{option} '{at}': must lie between the years 1800 and 2200" in refused.stderr
