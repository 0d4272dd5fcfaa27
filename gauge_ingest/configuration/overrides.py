"""Lays the environment over gauge_ingest.toml and finds what is wrong in either, or in both together."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import BaseModel, SecretStr

from gauge_ingest.configuration.addresses import url_remedy
from gauge_ingest.configuration.mistakes import UNSHOWN, Mistake, Place, is_secret, judge
from gauge_ingest.configuration.settings import Settings
from gauge_ingest.core.nearest import nearest

FILE = "gauge_ingest.toml"
ENVIRONMENT = "environment"
PREFIX = "GAUGE_"
NO_OVERRIDES = ("GAUGE_CONFIG", "GAUGE_CLOCK")
# The last two: gauge_ingest.configuration.channels; `gauge-ingest influx setup`, for no service needs that token.
NO_OVERRIDES_PREFIXES = ("GAUGE_TEST_", "GAUGE_SECRET_", "GAUGE_INFLUX_ADMIN_")
SECRET_CHARACTERS_MAX = 4_096
DESK_SECRET_CHARACTERS_MIN = 16
DRILLS = "drills"  # the folder beside a journal that holds those of drills
OF_A_DRILL = ("GAUGE_DESK_SECRET", "GAUGE_DESK_SECRET_FILE")  # all that a drill takes from the environment

SECTIONS: Mapping[str, type[BaseModel]] = {
    name: section.annotation for name, section in Settings.model_fields.items() if isinstance(section.annotation, type)
}
KEYS = {(section, key): field for section, model in SECTIONS.items() for key, field in model.model_fields.items()}
OVERRIDES = {f"{PREFIX}{section}_{key}".upper(): (section, key) for section, key in KEYS}
SECRETS = {name: place for name, place in OVERRIDES.items() if is_secret(KEYS[place])}
SECRET_FILES = {f"{name}_FILE": name for name in SECRETS}


@dataclass(slots=True)
class SettingsRead:
    """Settings with every mistake found on the way to them; wrong keys stand at their defaults."""

    settings: Settings = field(default_factory=Settings)
    mistakes: list[Mistake] = field(default_factory=list)
    overrides: dict[tuple[str, str], object] = field(default_factory=dict)
    names: dict[tuple[str, str], str] = field(default_factory=dict)
    wrong: set[tuple[str, str]] = field(default_factory=set)

    def place(self, section: str, key: str) -> Place:
        """Where the value of a key comes from: a variable of the environment, or the file."""
        name = self.names.get((section, key))
        return Place(ENVIRONMENT, name) if name else Place(FILE).at(section, key)

    def refuse(self, section: str, key: str, remedy: str, value: object = UNSHOWN) -> None:
        """Note that a key is wrong where it stands."""
        self.wrong.add((section, key))
        self.mistakes.append(self.place(section, key).mistake(remedy, value))


def read_settings(
    table: Mapping[str, object], environ: Mapping[str, str], read_text: Callable[[Path], str]
) -> SettingsRead:
    """The settings of a file under an environment. `read_text` reads a secret's file: OSError or ValueError."""
    read = SettingsRead()
    drill = table.get("drill")
    # Else GAUGE_JOURNAL_PATH, set for the real service, would turn a command for a drill into one for real alerts.
    is_drill = isinstance(drill, Mapping) and bool(drill.get("name"))
    for name, text in environ.items():
        if is_drill and name not in OF_A_DRILL:
            continue
        if name.startswith(PREFIX) and name not in NO_OVERRIDES and not name.startswith(NO_OVERRIDES_PREFIXES):
            _read_variable(read, name, text, environ, read_text)
    for name in table:
        if name not in SECTIONS:
            read.mistakes.append(Place(FILE).at(name).mistake(f"unknown section; {nearest(name, SECTIONS)}"))
    sections: dict[str, Any] = {
        name: _read_section(read, name, model, table.get(name, {})) for name, model in SECTIONS.items()
    }
    read.settings = Settings(**sections)
    _check_mqtt(read)
    _check_paths(read)
    _check_influx(read)
    _check_export(read)
    _check_cap(read)
    _check_desk(read)
    _check_drill(read)
    return read


def _read_variable(
    read: SettingsRead, name: str, text: str, environ: Mapping[str, str], read_text: Callable[[Path], str]
) -> None:
    secret_name = SECRET_FILES.get(name, name)
    if secret_name in SECRETS:
        section, key = SECRETS[secret_name]
        if not text:  # compose files pass an unset variable on as an empty one
            return
        read.names[section, key] = name
        if name == secret_name:
            _put_secret(read, section, key, text)
        elif environ.get(secret_name):
            read.refuse(section, key, f"set either {name} or {secret_name}, not both")
        else:
            _put_secret_file(read, section, key, Path(text), read_text)
    elif name in OVERRIDES:
        section, key = OVERRIDES[name]
        read.names[section, key] = name
        read.overrides[section, key] = _parsed(text, KEYS[section, key].annotation)
    else:
        read.mistakes.append(Place(ENVIRONMENT, name).mistake(_unknown_name(name)))


def _put_secret_file(read: SettingsRead, section: str, key: str, path: Path, read_text: Callable[[Path], str]) -> None:
    try:
        text = read_text(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        read.refuse(section, key, f"cannot be read ({reason}): name a file that holds the secret", str(path))
    else:
        _put_secret(read, section, key, text.removesuffix("\n").removesuffix("\r"))


def _put_secret(read: SettingsRead, section: str, key: str, text: str) -> None:
    if 1 <= len(text) <= SECRET_CHARACTERS_MAX and text.isprintable():
        read.overrides[section, key] = SecretStr(text)
    else:
        read.refuse(section, key, f"must hold one line of 1 to {SECRET_CHARACTERS_MAX} printable characters")


def _unknown_name(name: str) -> str:
    plain = name.removesuffix("_FILE")
    if plain in OVERRIDES:
        return f"only secrets are read from files; set {plain}"
    return f"unknown name; {nearest(name, [*OVERRIDES, *SECRET_FILES, *NO_OVERRIDES])}"


def _parsed(text: str, annotation: object) -> object:
    """The text as the type of its key; what does not parse stays text, and the model then says what is wrong."""
    if get_origin(annotation) is tuple:
        return tuple(text.split(","))
    kinds = get_args(annotation) or (annotation,)
    if bool in kinds and text in ("true", "false"):
        return text == "true"
    if int in kinds and re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        return int(text)
    if float in kinds and re.fullmatch(r"[+-]?[0-9]{1,18}(\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?", text):
        return float(text)
    return text


def _read_section(read: SettingsRead, name: str, model: type[BaseModel], raw: object) -> BaseModel:
    place = Place(FILE).at(name)
    if not isinstance(raw, Mapping):
        read.mistakes.append(place.mistake(f"must be a section, written [{name}]"))
        raw = {}
    plain = dict(raw)
    for variable, (section, key) in SECRETS.items():
        if section == name and plain.pop(key, None) is not None:
            remedy = f"a secret does not belong in a file that many may read: set {variable} or {variable}_FILE"
            read.wrong.add((section, key))
            read.mistakes.append(place.at(key).mistake(remedy))
    in_file = judge(model, plain, place)
    kept = {key: value for key, value in plain.items() if key not in in_file.wrong}
    overrides = {key: value for (section, key), value in read.overrides.items() if section == name}
    places = {key: read.place(name, key) for key in overrides}
    overridden = judge(model, kept | overrides, place, places=places)
    read.mistakes += [*in_file.mistakes, *overridden.mistakes]
    read.wrong |= {(name, key) for key in in_file.wrong | overridden.wrong}
    return overridden.value


def _check_mqtt(read: SettingsRead) -> None:
    mqtt = read.settings.mqtt
    if mqtt.password.get_secret_value() and not mqtt.username and ("mqtt", "username") not in read.wrong:
        read.refuse("mqtt", "password", "a password needs mqtt.username beside it")
    if not mqtt.tls_ca:
        return
    if not mqtt.tls and ("mqtt", "tls") not in read.wrong:
        read.refuse("mqtt", "tls_ca", "is used only with tls = true: set mqtt.tls or take it out", mqtt.tls_ca)
    if not _is(Path.is_file, Path(mqtt.tls_ca)):
        read.refuse("mqtt", "tls_ca", "there is no such file: name a file of certificates (PEM)", mqtt.tls_ca)


def _check_paths(read: SettingsRead) -> None:
    journal, outbound = read.settings.journal.path, read.settings.outbound.path
    if _is(Path.is_dir, Path(journal)):
        read.refuse("journal", "path", "is a folder: name a file in it, e.g. var/journal.db", journal)
    elif outbound and _is(Path.is_dir, Path(outbound)):
        read.refuse("outbound", "path", "is a folder: name a file in it, e.g. var/outbound.db", outbound)
    elif _is(lambda path: path.absolute() == Path(journal).absolute(), read.settings.outbound_path):
        read.refuse("outbound", "path", "must be another file than journal.path, e.g. var/outbound.db", outbound)
    reports = read.settings.reports.folder
    if reports and _is(Path.exists, Path(reports)) and not _is(Path.is_dir, Path(reports)):
        read.refuse("reports", "folder", "is a file: name a folder, e.g. var/reports", reports)


def _check_influx(read: SettingsRead) -> None:
    influx = read.settings.influx
    if not influx.url:
        return
    remedy = url_remedy(influx.url)
    if remedy:
        # Whatever follows the host may be a credential that was pasted along.
        read.refuse("influx", "url", remedy, UNSHOWN if re.search("[@?#]", influx.url) else influx.url)
    if not influx.token.get_secret_value() and ("influx", "token") not in read.wrong:
        read.refuse("influx", "url", "needs a token: set GAUGE_INFLUX_TOKEN or GAUGE_INFLUX_TOKEN_FILE")
    for key in ("org", "bucket"):
        if not getattr(influx, key) and ("influx", key) not in read.wrong:
            read.refuse("influx", key, "must not be empty while influx.url is set", "")


def _check_export(read: SettingsRead) -> None:
    export = read.settings.export
    if not export.url or ("export", "url") in read.wrong:
        return
    remedy = export.url_remedy
    if remedy:
        # Before the @, or behind the ?, may stand a password.
        read.refuse("export", "url", remedy, UNSHOWN if re.search("[@?#]", export.url) else export.url)
    elif not (export.is_file or export.password.get_secret_value()) and ("export", "password") not in read.wrong:
        read.refuse("export", "url", "needs a password: set GAUGE_EXPORT_PASSWORD or GAUGE_EXPORT_PASSWORD_FILE")


def _check_cap(read: SettingsRead) -> None:
    cap = read.settings.cap
    if not cap.folder:
        return
    if _is(Path.is_file, Path(cap.folder)):
        read.refuse("cap", "folder", "is a file: name a folder, e.g. var/cap", cap.folder)
    if not cap.sender and ("cap", "sender") not in read.wrong:
        read.refuse(
            "cap", "sender", "is required with cap.folder: a name that is ours alone, e.g. rain@hutubi.example", ""
        )
    if cap.scope == "Restricted" and not cap.restriction and ("cap", "restriction") not in read.wrong:
        read.refuse("cap", "restriction", 'says to whom it is restricted: required with cap.scope = "Restricted"', "")


def _check_desk(read: SettingsRead) -> None:
    """Whoever knows the secret can acknowledge in anybody's name: there is no default, and none that can be guessed."""
    desk = read.settings.desk
    secret = desk.secret.get_secret_value()
    for key, value in (("secret", secret), ("api_token", desk.api_token.get_secret_value())):
        if 0 < len(value) < DESK_SECRET_CHARACTERS_MIN and ("desk", key) not in read.wrong:
            how = "as `openssl rand -hex 32` prints them"
            read.refuse("desk", key, f"must have at least {DESK_SECRET_CHARACTERS_MIN} characters, {how}")
    if desk.api and not desk.port and not read.wrong & {("desk", "api"), ("desk", "port")}:
        remedy = "would be nowhere: set the port of the desk, e.g. 8750, or leave api false"
        read.refuse("desk", "api", remedy, desk.api)
    if not desk.public_url or ("desk", "public_url") in read.wrong:
        return
    parts = urlsplit(desk.public_url)
    if not parts.hostname or "@" in parts.netloc:
        remedy = "must name a host, without user name and password, e.g. https://rain.example.org"
        read.refuse("desk", "public_url", remedy, UNSHOWN if "@" in desk.public_url else desk.public_url)
    if not secret and ("desk", "secret") not in read.wrong and not read.settings.drill.name:
        remedy = "links are signed: set GAUGE_DESK_SECRET or GAUGE_DESK_SECRET_FILE (`openssl rand -hex 32` prints one)"
        read.refuse("desk", "public_url", remedy, desk.public_url)
    if not desk.port and ("desk", "port") not in read.wrong:
        remedy = "links would lead nowhere: set the port of the desk, e.g. 8750, or take public_url out"
        read.refuse("desk", "port", remedy, desk.port)


def _check_drill(read: SettingsRead) -> None:
    """A drill never has the real journal, and leaves nothing where others take it for real rain or a real alert."""
    settings = read.settings
    name = settings.drill.name
    if not name:
        return
    if settings.journal_path.absolute().parent.parent.name != DRILLS:
        remedy = "marks everything that is told as a drill: `gauge-ingest drill` alone sets it, leave it empty"
        read.refuse("drill", "name", remedy, name)
    if settings.influx.url:
        read.refuse("influx", "url", "must be empty in a drill: no copy of it may stand among real rain")
    if settings.export.url:
        read.refuse("export", "url", "must be empty in a drill: no rain of it may stand on the platform")
    if settings.notify.mqtt:
        read.refuse("notify", "mqtt", "must be false in a drill: no state of it may be retained", value=True)
    if settings.cap.folder and settings.cap.status != "Exercise":
        read.refuse("cap", "status", 'must be "Exercise" in a drill', settings.cap.status)


def _is(question: Callable[[Path], bool], path: Path) -> bool:
    """Ask the file system about a path; one that cannot be asked about is neither a file nor a folder."""
    try:
        return question(path)
    except OSError:
        return False
