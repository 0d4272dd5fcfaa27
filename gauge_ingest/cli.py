"""gauge-ingest on the command line: the commands put together."""

import sys
from io import TextIOWrapper

import typer

from gauge_ingest.commands import (
    account,
    alerts,
    cap,
    check,
    correct,
    corrections,
    deliveries,
    drill,
    drills,
    duty,
    handover,
    health,
    history,
    messages,
    notify_test,
    quality,
    quality_report,
    quarantine,
    readings,
    rehearse,
    report,
    service,
    silence,
    station_health,
    stations,
)

# No rich markup in help, no pretty traceback: it would print the values of variables into logs.
app = typer.Typer(
    name="gauge-ingest",
    help="Rain-gauge telemetry: receives, checks and stores rain readings and raises flash-flood alerts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(service.run)
app.command()(service.demo)
stations.app.command("health")(station_health.station_health)
app.add_typer(stations.app, name="stations")
app.command()(readings.readings)
app.command()(history.history)
app.add_typer(alerts.app, name="alerts")
app.command()(silence.silence)
app.add_typer(silence.app, name="silences")
app.command()(duty.duty)
app.add_typer(cap.app, name="cap")
app.add_typer(quarantine.app, name="quarantine", help="What could not be admitted: list, show, replay.")
app.add_typer(correct.app, name="correct", help="What a person says of rain: void, replace, confirm, visit, undo.")
app.add_typer(corrections.app, name="corrections", help="What people have said of rain: log.")
quality.app.command("report")(quality_report.quality_report)
app.add_typer(quality.app, name="quality", help="Whether rain can be trusted: checks, and what they flagged.")
app.add_typer(report.app, name="report")
app.command()(handover.handover)
app.add_typer(messages.app, name="messages", help="What people are told, word for word: preview, check, samples.")
app.command()(deliveries.deliveries)
app.command("notify-test")(notify_test.notify_test)
app.command()(drill.drill)
app.add_typer(drills.app, name="drills")
app.command()(health.health)
app.command()(check.check)
app.command()(account.account)
app.command("rehearse")(rehearse.rehearse_rules)
app.command()(service.reload)
app.command()(service.schema)
app.command(hidden=True)(service.outbound)


def main() -> None:
    """Run the command that the command line names."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that knows no Chinese must not end a command
    app()
