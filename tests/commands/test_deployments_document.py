"""The section on deployments in docs/stations.md: its change, entered late, makes the history that it shows."""

from pathlib import Path

from gauge_ingest.app.accepted import network_of
from gauge_ingest.core.model import DAY_MS
from tests.commands.place import Place
from tests.test_docs import blocks
from tests.worlds import HOUR, MINUTE, T0, Desk, message

DOCUMENT = Path(__file__).parents[2] / "docs" / "stations.md"
TIPS = (0, 4, 12, 14, 1, 30, 70, 31, 0)


def test_the_change_in_the_document_makes_the_history_that_it_shows(place: Place) -> None:
    text = DOCUMENT.read_text(encoding="utf-8").partition("## Deployments and calibration\n")[2].partition("\n## ")[0]
    found = {block.info: block.text for block in blocks(DOCUMENT) if block.text in text}
    assert f"brought {', '.join(map(str, TIPS[1:-1]))} and {TIPS[-1]} tips" in text
    place.now = T0 + DAY_MS
    with place.desk() as desk:
        accepted(place, desk)
        desk.now = T0 + HOUR
        counts = [1_000 + sum(TIPS[: number + 1]) for number in range(len(TIPS))]
        desk.take(message([(T0 + number * 5 * MINUTE, count) for number, count in enumerate(counts)]))
        desk.settle()
        with (place.config / "stations.toml").open("a", encoding="utf-8") as file:
            file.write(f"\n{found['toml']}\n")
        accepted(place, desk)

    shown = place.run(*found["sh"].split()[1:], columns=90).stdout

    assert [line.rstrip() for line in shown.strip().splitlines()] == found["text"].splitlines()


def accepted(place: Place, desk: Desk) -> None:
    """The configuration as the service takes it up at a start or a reload."""
    desk.network = network_of(place.configuration())
    desk.start()
