"""A folder with a configuration and a journal, and the commands run in it by a clock that stands still."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from gauge_ingest.cli import app
from gauge_ingest.configuration import Configuration, load
from gauge_ingest.core.spans import instant_text
from tests.worlds import MINUTE, T0, Desk

SHIPPED = Path(__file__).parents[2] / "config"


class Place:
    """Where a test's service would stand. `now` is what the clock of every command shows."""

    def __init__(self, folder: Path) -> None:
        self.config = folder / "config"
        shutil.copytree(SHIPPED, self.config)
        self.journal = folder / "var" / "journal.db"
        self.now = T0 + 120 * MINUTE
        self.environ: dict[str, str] = {}

    def configuration(self) -> Configuration:
        """The configuration as it stands."""
        return load(self.config, self.environment())

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        """The journal with a pump, as the ingest process has it; everything owed is paid at the end."""
        configuration = self.configuration()
        self.journal.parent.mkdir(exist_ok=True)
        desk = Desk(self.journal.parent, list(configuration.stations.values()), configuration.rules)
        try:
            yield desk
            desk.settle()
        finally:
            desk.journal.close()

    def run(self, *arguments: str, columns: int = 120) -> Result:
        """A command in this place; whatever the surroundings say of GAUGE_… is gone."""
        gone = {name: None for name in os.environ if name.startswith("GAUGE_")}
        environ = {**gone, **self.environment(), "COLUMNS": str(columns), "TERM": "dumb"}
        return CliRunner().invoke(app, [*arguments, "--config", str(self.config)], env=environ, catch_exceptions=False)

    def json(self, *arguments: str, status: int = 0) -> Any:
        """What a command prints with --json; stdout is one document and stderr is empty."""
        result = self.run(*arguments, "--json")
        assert result.exit_code == status, result.output
        assert result.stderr == ""
        return json.loads(result.stdout)

    def environment(self) -> dict[str, str]:
        """What a command finds in its environment here."""
        clock = f"speed=1e-12 wall=2020-01-01T00:00:00Z sim={instant_text(self.now)}"
        return {"GAUGE_JOURNAL_PATH": str(self.journal), "GAUGE_CLOCK": clock, **self.environ}
