"""cap: alerts as the systems of others see them."""

import sys
from typing import Annotated

import typer

from gauge_ingest.commands.opening import ConfigOption, clock_of_environment, configured, reading
from gauge_ingest.commands.output import Status, stop
from gauge_ingest.notifiers.cap_chain import Told
from gauge_ingest.notifiers.cap_document import newest_document

app = typer.Typer(no_args_is_help=True)

_ID_MAX = 2**63 - 1

AlertArgument = Annotated[int, typer.Argument(metavar="ALERT", min=1, max=_ID_MAX, help="The alert's number.")]


@app.callback()
def cap() -> None:
    """Alerts as CAP 1.2 documents, for the systems of others."""


@app.command("show")
def show(alert_id: AlertArgument, *, config: ConfigOption = None) -> None:
    """Print the newest CAP 1.2 document of an alert, as the configuration makes it now; nothing is published."""
    from gauge_ingest.app.cap import issuer

    configuration = configured(config)
    with reading(configuration) as reader:
        if reader.alerts.one(alert_id) is None:
            stop(Status.WRONG_USE, f"there is no alert {alert_id}; alerts --all lists them")
        told = Told(reader.epoch(), reader.alerts.events(alert_id), reader.alerts.former_epochs())
    if not configuration.settings.cap.sender:
        stop(Status.WRONG_USE, "gauge_ingest.toml: cap.sender is empty: every CAP document names who sends it")
    made = newest_document(issuer(configuration), told, now=clock_of_environment().now())
    if made is None:
        stop(Status.NOT_WELL, f"alert {alert_id} makes no CAP document: docs/cap.md says which events do")
    sys.stdout.buffer.write(made.content)
