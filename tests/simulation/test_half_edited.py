"""A power cut in the middle of an edit: the service starts all the same, and people are told as they were before."""

import json
from pathlib import Path
from typing import Any

from gauge_ingest.clock import clock_from
from tests.delivery.sink import Sink
from tests.edges.broker import running_mosquitto
from tests.simulation.county import SECRET, configured
from tests.simulation.service import Service, running_service, until
from tests.simulation.test_late import publish
from tests.worlds import MINUTE, message

WITHIN_S = 60


def configuration_check(service: Service) -> dict[str, Any]:
    """What `health` says of the configuration."""
    checks: list[dict[str, Any]] = json.loads(service.answer("health", "--json").stdout)["checks"]
    return next(one for one in checks if one["name"] == "configuration")


def logged(service: Service) -> str:
    """The service's log so far."""
    return service.log.read_text(encoding="utf-8") if service.log.exists() else ""


def test_a_start_with_half_edited_people_tells_those_who_were_accepted_and_names_what_to_mend(tmp_path: Path) -> None:
    """
    Goal: nobody is left without alerts for a broken file, and nobody overlooks it.
    Method: stop, break people.toml, start; rain; mend, reload. A secret of no channel is set all the while.
    """
    hook = Sink()
    config = configured(tmp_path, post=9, hook=hook.port)
    people = config / "people.toml"
    whole = people.read_text(encoding="utf-8")
    environ = {"GAUGE_CONFIG": str(config), "GAUGE_SECRET_HOOK": SECRET, "GAUGE_SECRET_GONE": SECRET}

    def told(words: str) -> bool:
        return any(one.document["to"] == "wang" and words in one.document["text"] for one in hook.arrived)

    with (
        running_mosquitto(tmp_path / "broker") as broker,
        running_service(tmp_path, port=broker.port, **environ) as service,
    ):
        until(lambda: "broker connected" in logged(service), within_s=WITHIN_S, what=lambda: logged(service))
        service.stop()
        people.write_text(whole.replace('"hook", "wang"', '"huk", "wang"', 1), encoding="utf-8")
        service.start()
        until(lambda: logged(service).count("broker connected") == 2, within_s=WITHIN_S, what=lambda: logged(service))
        now = clock_from(service.environ).now() // 1000 * 1000
        publish(broker.port, [message([(now - 2 * MINUTE, 100)], seq=1), message([(now, 126)], seq=2)])
        until(lambda: told("people.wang.reach[1]"), within_s=WITHIN_S, what="the finding is told")
        until(lambda: told("立即转移"), within_s=WITHIN_S, what=lambda: f"the rain is told {hook.arrived}")
        broken, alerts, refused = configuration_check(service), service.answer("alerts"), service.answer("reload")
        people.write_text(whole, encoding="utf-8")
        not_reloaded = configuration_check(service)
        mended = service.answer("reload", "--json")
        until(lambda: configuration_check(service)["ok"], within_s=WITHIN_S, what="a service that is well")
    hook.close()

    assert (broken["ok"], not_reloaded["ok"]) == (False, False)
    assert 'people.toml: people.wang.reach[1] = "huk": no such channel' in broken["detail"]
    assert "people.toml: people.wang.reach[1]: no such channel" in not_reloaded["detail"]
    assert (alerts.exit_code, "is used in its place" in alerts.stderr) == (0, True)
    assert refused.exit_code == 2
    assert [one["key"] for one in json.loads(mended.stdout)["warnings"]] == ["GAUGE_SECRET_GONE"]
    assert " ERROR gauge_ingest configuration refused mistake=people.toml: people.wang.reach[1] = " in logged(service)
