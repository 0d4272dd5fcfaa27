"""messages: what people would be told, word for word: of an alert in the journal, or of a sample."""

import os
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from gauge_ingest.commands.opening import ConfigOption, JsonOption, configured_on_disk, directory_of, reading
from gauge_ingest.commands.output import Status, notice, plain, print_json, show, stop, table
from gauge_ingest.configuration import Configuration, ConfigurationRefused, load
from gauge_ingest.configuration.templates import FOLDER
from gauge_ingest.core.nearest import nearest
from gauge_ingest.core.people import Person

app = typer.Typer(help="What people are told, word for word: preview, check, samples.", no_args_is_help=True)

LANGUAGES = ("zh", "en")
FORMS = ("text", "short")

AlertOption = Annotated[int | None, typer.Option("--alert", metavar="ID", min=1, max=2**63 - 1, help="An alert.")]
SampleOption = Annotated[str | None, typer.Option("--sample", metavar="NAME", help="A sample: messages samples.")]
LanguageOption = Annotated[str, typer.Option("--language", metavar="zh|en", help="In which language.")]
FormOption = Annotated[str, typer.Option("--form", metavar="text|short", help="The whole text, or the short form.")]


@app.command("preview")
def preview(
    others: Annotated[list[str] | None, typer.Argument(hidden=True)] = None,
    *,
    alert: AlertOption = None,
    sample: SampleOption = None,
    language: LanguageOption = "zh",
    form: FormOption = "text",
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print a message as it would be sent; of an alert the newest one, with a command in the place of a link."""
    for option, value, known in (("--language", language, LANGUAGES), ("--form", form, FORMS)):
        if value not in known:
            stop(Status.WRONG_USE, f"{option} {value}: {nearest(value, known)}")
    if others:
        what = "--alert" if others[0].isdecimal() else "--sample"
        stop(Status.WRONG_USE, f"what is {' '.join(others)}? write {what} {others[0]}")
    if (alert is None) == (sample is None):
        stop(Status.WRONG_USE, "name an alert of the journal (--alert ID) or a sample (--sample NAME)")
    configuration = configured_on_disk(config)
    if alert is not None:
        message = _of_alert(configuration, alert, language)
    else:
        message = _of_sample(configuration, str(sample), language)
    if as_json:
        print_json(message._asdict())
    else:
        print(plain(message.short if form == "short" else message.text))  # noqa: T201  as it is sent, never wrapped


@app.command("check")
def check(*, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Check the templates and the contingency texts; exit status 2 with every mistake in them."""
    directory = directory_of(config)
    mistakes = []
    own = 0
    try:
        own = len(load(directory, os.environ).templates)
    except ConfigurationRefused as refused:
        mistakes = [one for one in refused.mistakes if one.file.startswith(f"{FOLDER}/") or one.file == "actions.toml"]
        if not mistakes:
            stop(Status.WRONG_USE, f"the configuration in {directory} cannot be used:", *map(str, refused.mistakes))
    if as_json:
        shown = [{"file": one.file, "key": one.key, "value": one.value, "remedy": one.remedy} for one in mistakes]
        print_json({"ok": not mistakes, "mistakes": shown})
    elif mistakes:
        for mistake in mistakes:
            print(plain(str(mistake)))  # noqa: T201  one line each, however long, for people and for grep
    else:
        show(f"messages are in order: {own} templates in {directory / FOLDER}, the others as shipped")
    if mistakes:
        raise typer.Exit(int(Status.WRONG_USE))


@app.command("samples")
def samples(*, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List the samples that messages preview can show."""
    del config  # every command takes it; the samples are the program's own
    from gauge_ingest.messages.samples import GROUP, GROUP_OF, SAMPLES

    rows = [*((name, one.shows) for name, one in SAMPLES.items()), (GROUP, f"several as one: {', '.join(GROUP_OF)}")]
    if as_json:
        print_json([{"sample": name, "shows": shows} for name, shows in rows])
        return
    listed = table("sample", "shows", wrap=("shows",))
    for name, shows in rows:
        listed.add_row(name, shows)
    show(listed)


def _of_alert(configuration: Configuration, alert_id: int, language: str) -> Any:
    from gauge_ingest.app.messages import writer_of

    with reading(configuration) as reader:
        alert, events = reader.alerts.one(alert_id), reader.alerts.events(alert_id)
    if alert is None or not events:
        stop(Status.WRONG_USE, f"there is no alert {alert_id}; alerts --all lists them")
    writer = writer_of(configuration)
    message = writer.message(events[-1], alert, events, person=_reader(language))
    _tell_failures(writer.failures)
    return message


def _of_sample(configuration: Configuration, name: str, language: str) -> Any:
    from gauge_ingest.app.messages import world_of, writer_of
    from gauge_ingest.messages.samples import GROUP, GROUP_OF, NAMES, SAMPLES

    if name not in NAMES:
        listed = "gauge-ingest messages samples lists them"
        stop(Status.WRONG_USE, f"--sample {name}: there is no such sample; {nearest(name, NAMES)}", listed)
    writer, world = writer_of(configuration), world_of(configuration)
    parts = [
        writer.written(SAMPLES[one].facts(language, world), language)
        for one in (GROUP_OF if name == GROUP else (name,))
    ]
    message = writer.group(parts, _reader(language))
    _tell_failures(writer.failures)
    return message


def _tell_failures(failures: Iterable[tuple[str, str, int]]) -> None:
    for file, error, _ in failures:
        notice(f"the template {file} failed, the shipped words stand in its place: {error}")


def _reader(language: str) -> Person:
    return Person("", "preview", language, ())
