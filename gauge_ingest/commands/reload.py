"""reload: the running service reads its configuration again."""

from typing import Any

from gauge_ingest.commands.opening import ConfigOption, JsonOption, clock_of_environment, configured_on_disk
from gauge_ingest.commands.output import Status, plain, print_json, show, stop
from gauge_ingest.commands.writing import asked_of_service
from gauge_ingest.configuration import Mistake, rota_warnings
from gauge_ingest.journal import holder
from gauge_ingest.requests import RELOAD


def reload(*, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Have the running service read its configuration again; a wrong one is refused as a whole."""
    configuration = configured_on_disk(config)
    path = configuration.settings.journal_path
    try:
        running = holder(path) is not None
    except OSError as error:
        stop(Status.UNREACHABLE, f"the lock of {path} cannot be looked at: {error}")
    if not running:
        stop(Status.UNREACHABLE, f"no service runs on {path.absolute()}: nothing to reload")
    answer = asked_of_service(path, RELOAD, {})
    if as_json:
        print_json(answer)
    if not answer.get("ok"):
        mistakes = (
            map(_mistake_text, answer.get("mistakes", ())) if "mistakes" in answer else [str(answer.get("error"))]
        )
        stop(Status.WRONG_USE, "refused, the service keeps the configuration that it had:", *mistakes)
    if not as_json:
        show("the service has taken the configuration over")
        for section in answer.get("needs_restart", ()):
            show(f"[{section}] has changed: that takes a restart of the service")
        for warning in answer.get("warnings", ()):
            show(f"warning: {_mistake_text(warning)}")
        for ahead in rota_warnings(configuration.roster, clock_of_environment().now()):
            show(f"warning: {plain(str(ahead))}")


def _mistake_text(mistake: Any) -> str:
    return str(Mistake(**mistake)) if isinstance(mistake, dict) else str(mistake)
