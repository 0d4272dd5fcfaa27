"""Pins the digests of the shipped scenarios anew, after a world was changed on purpose: python -m tests.simulator."""

from __future__ import annotations

import json

from simulator.scenario import scenario_names
from tests.simulator.test_world import DIGESTS, _digest, _run

if __name__ == "__main__":
    pinned = {name: _digest(_run(name)) for name in scenario_names()}
    DIGESTS.write_text(json.dumps(pinned, indent=1) + "\n", encoding="utf-8")
