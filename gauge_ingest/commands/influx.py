"""influx setup: buckets, dashboards and tokens in InfluxDB, made by its operator; again without harm."""

import os
import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from gauge_ingest.commands.opening import ConfigOption, JsonOption, directory_of
from gauge_ingest.commands.output import Status, notice, plain, print_json, show, stop, table
from gauge_ingest.configuration import ConfigurationRefused, load_settings
from gauge_ingest.stores import StoreUnavailable
from gauge_ingest.stores.influx.admin import SetUpRefused
from gauge_ingest.stores.influx.settings import InfluxSettings
from gauge_ingest.stores.influx.setup import Onboarding, State, Step, Wanted, is_empty, set_up
from gauge_ingest.stores.influx.template import Template
from gauge_ingest.stores.influx.tokens import TokenWish, put_secret, secret_held

app = typer.Typer(help="InfluxDB for its operator: setup.", no_args_is_help=True)

ADMIN_TOKEN, ADMIN_TOKEN_FILE = "GAUGE_INFLUX_ADMIN_TOKEN", "GAUGE_INFLUX_ADMIN_TOKEN_FILE"
NOT_YET = "none-yet"  # in place of a token that is still to be made
_SECRET_BYTES = 32
_PAUSE_S = 0.5
_DONE = {State.THERE: "there", State.DIFFERS: "DIFFERS", State.CREATE: "made", State.CHANGE: "changed"}
_WOULD = {**_DONE, State.CREATE: "would be made", State.CHANGE: "would be changed"}

AdminTokenOption = Annotated[
    Path | None,
    typer.Option("--admin-token-file", metavar="FILE", help=f"The operator's token [default: {ADMIN_TOKEN} or …_FILE]"),
]
WriterOption = Annotated[
    Path | None,
    typer.Option(
        "--writer-token-file",
        metavar="FILE",
        help="Where a token belongs that reads and writes our buckets [default: GAUGE_INFLUX_TOKEN_FILE]",
    ),
]
ReaderOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--reader-token-file", metavar="FILE", help="Where a token belongs that reads our buckets; may be given again."
    ),
]
TemplateOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="The dashboards [default: influxdb/template.yml in the configuration's folder]"),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")]
RetentionOption = Annotated[
    bool, typer.Option("--change-retention", help="Have buckets keep what the configuration says: older rain goes.")
]
OnboardOption = Annotated[bool, typer.Option("--onboard", help="Set an empty server up, too.")]
UserOption = Annotated[str, typer.Option("--admin-user", metavar="NAME", help="The first user, with --onboard.")]
PasswordOption = Annotated[
    Path | None,
    typer.Option(
        "--admin-password-file",
        metavar="FILE",
        help="Its password; made when it is not there. Without, nobody can log in.",
    ),
]
NoTemplateOption = Annotated[bool, typer.Option("--no-template", help="Leave dashboards alone.")]
WaitOption = Annotated[
    float, typer.Option("--wait-s", min=0, max=3_600, help="For so long the server may still be starting.")
]


@app.callback()
def influx() -> None:
    """InfluxDB for its operator: setup."""


@app.command()
def setup(
    *,
    dry_run: DryRunOption = False,
    admin_token_file: AdminTokenOption = None,
    writer_token_file: WriterOption = None,
    reader_token_file: ReaderOption = None,
    change_retention: RetentionOption = False,
    onboard: OnboardOption = False,
    admin_user: UserOption = "admin",
    admin_password_file: PasswordOption = None,
    template: TemplateOption = None,
    no_template: NoTemplateOption = False,
    wait_s: WaitOption = 0.0,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make buckets, dashboards and tokens in InfluxDB; what is there already stays."""
    user = Onboarding(admin_user, "") if onboard else None

    def wanted() -> Wanted:
        settings, onboarding = _opened(config, admin_token_file, user, admin_password_file, dry_run=dry_run)
        path = template or directory_of(config) / "influxdb" / "template.yml"
        return Wanted(
            settings=settings,
            onboarding=onboarding,
            change_retention=change_retention,
            template=None if no_template else Template.read(path, settings),
            tokens=_wishes(writer_token_file, reader_token_file or []),
        )

    try:
        steps = list(_shown(_with_patience(wanted, wait_s, dry_run=dry_run), dry_run=dry_run, quiet=as_json))
    except SetUpRefused as refused:
        stop(Status.WRONG_USE, str(refused))
    except StoreUnavailable as error:
        stop(Status.UNREACHABLE, str(error))
    _say(steps, dry_run=dry_run, as_json=as_json)


def _opened(
    config: Path | None, token_file: Path | None, user: Onboarding | None, password_file: Path | None, *, dry_run: bool
) -> tuple[InfluxSettings, Onboarding | None]:
    """Settings with the operator's token; and for an empty server its first user.

    For an empty server secrets that are missing are made, and are on disk before the server has them.
    """
    path, token = _operator(token_file)
    settings = _settings(config, token or NOT_YET)
    if user is None or not is_empty(settings):
        if not token:
            raise SetUpRefused(
                f"{path}: no operator's token there: put the one there that InfluxDB was set up with; --onboard makes"
                " one for an empty server"
            )
        return settings, None
    if path is not None and not token:
        settings = settings.with_token(_made(path, dry_run=dry_run))
    if password_file is not None:
        user = user._replace(password=secret_held(password_file) or _made(password_file, dry_run=dry_run))
    return settings, user


def _operator(given: Path | None) -> tuple[Path | None, str]:
    """The file of the operator's token, if it is one, and what it holds; empty where there is none yet."""
    variable, file = os.environ.get(ADMIN_TOKEN, ""), os.environ.get(ADMIN_TOKEN_FILE, "")
    if variable and (file or given):
        raise SetUpRefused(f"set either {ADMIN_TOKEN} or a file with the operator's token, not both")
    path = given or (Path(file) if file else None)
    if path is not None:
        return path, secret_held(path)
    if not variable.strip():
        raise SetUpRefused(
            f"no operator's token: name its file with --admin-token-file, or set {ADMIN_TOKEN} or {ADMIN_TOKEN_FILE}"
        )
    return None, variable.strip()


def _made(path: Path, *, dry_run: bool) -> str:
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    if not dry_run:
        put_secret(path, secret)
    return secret


def _settings(config: Path | None, operator: str) -> InfluxSettings:
    """Section [influx] with the operator's token in it: the service's own may not be made yet.

    Whatever is wrong with stations or rules, the service's token must come into being: it has a configuration to go on
    with.
    """
    environ = {name: value for name, value in os.environ.items() if name != "GAUGE_INFLUX_TOKEN_FILE"}
    try:
        settings = load_settings(directory_of(config), {**environ, "GAUGE_INFLUX_TOKEN": operator}).influx
    except ConfigurationRefused as refused:
        words = [f"the configuration in {directory_of(config)} cannot be used:", *map(str, refused.mistakes)]
        stop(Status.WRONG_USE, *words)
    if not settings.url:
        raise SetUpRefused("no InfluxDB is configured; set url in [influx]")
    return settings.with_token(operator)


def _wishes(writer: Path | None, readers: Sequence[Path]) -> list[TokenWish]:
    file = os.environ.get("GAUGE_INFLUX_TOKEN_FILE", "")
    writer = writer or (Path(file) if file else None)
    wishes = [TokenWish(writer, writes=True)] if writer else []
    wishes += [TokenWish(one, writes=False) for one in readers]
    places = [one.path.absolute() for one in wishes]
    for place in places:
        if places.count(place) > 1:
            raise SetUpRefused(f"{place} cannot hold two tokens: name a file for each")
    return wishes


def _with_patience(wanted: Callable[[], Wanted], wait_s: float, *, dry_run: bool) -> Iterator[Step]:
    """Every step; from the beginning again while the server may still be starting."""
    deadline = time.monotonic() + wait_s
    while True:
        begun = False
        try:
            for step in set_up(wanted(), dry_run=dry_run):
                begun = True
                yield step
        except StoreUnavailable:
            if begun or time.monotonic() > deadline:
                raise
        else:
            return
        time.sleep(_PAUSE_S)


def _shown(steps: Iterator[Step], *, dry_run: bool, quiet: bool) -> Iterator[Step]:
    """Each step as it is done: whoever is killed in the middle knows how far it came."""
    for step in steps:
        if not quiet and step.state in (State.CREATE, State.CHANGE) and not dry_run:
            notice(f"{step.what}: {_DONE[step.state]}")
        yield step


def _say(steps: Sequence[Step], *, dry_run: bool, as_json: bool) -> None:
    changes = sum(step.state in (State.CREATE, State.CHANGE) for step in steps)
    if as_json:
        rows: list[Mapping[str, str]] = [{"what": one.what, "state": one.state, "detail": one.detail} for one in steps]
        print_json({"dry_run": dry_run, "changes": changes, "steps": rows})
        return
    shown = table("part", "state", "detail", wrap=("detail",))
    words = _WOULD if dry_run else _DONE
    for one in steps:
        shown.add_row(plain(one.what), words[one.state], plain(one.detail))
    show(shown)
    show("", ("to do: " if dry_run else "done: ") + str(changes) if changes else "nothing to do")
