"""people.toml: what loads, what is refused and in which words, and that no secret is ever told."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gauge_ingest.configuration import Configuration, ConfigurationRefused, Mistake, load
from gauge_ingest.configuration.channels import read_channels
from gauge_ingest.configuration.mistakes import Place, shown
from gauge_ingest.core.people import Address, ChainStep, Quiet, Roster, Shift, Weekly, on_duty
from gauge_ingest.core.spans import parse_instant
from tests.test_config import MUTATION, SHIPPED, mutated, write

PEOPLE = """
[channels.mail]
kind = "apprise"
url = "mailto://smtp.example.org?from=rain@example.org&to={to}"
[channels.sms-gate]
kind = "webhook"
url = "https://sms.example.org/send"
form = "short"
[people.liu]
name = "刘伟"
reach = [["sms-gate", "+8613800000001"], ["mail", "liu@example.org"]]
quiet = "22:00-07:00"
[people.chen]
name = "陈主任"
language = "en"
reach = [["mail", "chen@example.org"]]
[chains.default]
steps = [
  { after = "0m", tell = ["duty"] }, { after = "5m", tell = ["duty", "chen"] }, { after = "1h", tell = ["everybody"] },
]
[[duty.shifts]]
since = 2026-07-15T08:00:00+08:00
until = 2026-07-16T08:00:00+08:00
people = ["chen"]
[[duty.weekly]]
days = ["mon", "sun"]
hours = "20:00-08:00"
people = ["liu"]
every_weeks = 2
since = 2026-07-06
"""
HOOK = {"GAUGE_SECRET_SMS_GATE": "hunter2-hook"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path)
    return tmp_path


def loaded(folder: Path, text: str = PEOPLE, environ: Mapping[str, str] | None = None) -> Configuration:
    (folder / "people.toml").write_text(text, encoding="utf-8")
    return load(folder, {**HOOK, **(environ or {})})


def refused(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> tuple[Mistake, ...]:
    with pytest.raises(ConfigurationRefused) as found:
        loaded(folder, text, environ)
    return found.value.mistakes


def at(text: str) -> int:
    return parse_instant(f"2026-07-{text}:00+08:00")


def test_people_channels_chains_and_the_rota_are_read(folder: Path) -> None:
    configuration = loaded(folder)

    roster = configuration.roster
    assert list(roster.people) == ["liu", "chen"]
    liu = roster.people["liu"]
    assert (liu.name, liu.language, liu.quiet) == ("刘伟", "zh", Quiet(1_320, 420))
    assert liu.reach == (Address("sms-gate", "+8613800000001"), Address("mail", "liu@example.org"))
    assert roster.people["chen"].language == "en"
    assert roster.chains == {
        "default": (ChainStep(0, ("duty",)), ChainStep(300, ("duty", "chen")), ChainStep(3_600, ("everybody",)))
    }
    assert roster.shifts == (Shift(at("15T08:00"), at("16T08:00"), ("chen",)),)
    assert roster.weekly == (Weekly((0, 6), 1_200, 1_920, ("liu",), 2, 20_640),)
    assert [one.id for one in on_duty(roster, at("06T23:00"))] == ["liu"]
    assert configuration.channels["sms-gate"].form == "short"


def test_without_the_file_nobody_is_told_and_the_text_is_as_it_was(folder: Path) -> None:
    without = load(folder, {})
    empty = loaded(folder, "# nobody yet\n")

    assert without.roster == Roster()
    assert without.text == empty.text
    assert "people" not in json.loads(without.text)


def test_the_shipped_file_has_nobody_in_it_and_its_example_loads(folder: Path) -> None:
    text = (SHIPPED / "people.toml").read_text(encoding="utf-8")
    example = re.sub("^# ?", "", text[text.index("# [channels.mail]") :], flags=re.MULTILINE)

    assert load(SHIPPED, {}).roster.people == {}
    assert list(loaded(folder, example, {"GAUGE_SECRET_MAIL": "a", "GAUGE_SECRET_SMS": "b"}).roster.people) == [
        "liu",
        "chen",
    ]


@pytest.mark.parametrize(
    ("before", "after", "key", "remedy"),
    [
        ("[people.liu]", "[peple.liu]", "peple", "unknown key; did you mean people?"),
        ("[people.liu]", "[people.duty]", "people.duty", "neither duty nor everybody"),
        ("[people.liu]", "[people.Chen]", "people.chen", "differs from Chen in capitals alone"),
        ('name = "刘伟"', 'name = "陈主任"', "people.chen.name", "is the name of liu too"),
        ('name = "刘伟"', "", "people.liu.name", "is required"),
        ('language = "en"', 'language = "de"', "people.chen.language", "must be one of"),
        ('quiet = "22:00-07:00"', 'quiet = "22-7"', "people.liu.quiet", "hours of the day"),
        ('quiet = "22:00-07:00"', 'quiet = "22:00-22:00"', "people.liu.quiet", "begins when it ends"),
        ('reach = [["mail", "chen@example.org"]]', "reach = []", "people.chen.reach", "a list of pairs"),
        ('reach = [["mail", "chen@example.org"]]', "", "people.chen.reach", "is required"),
        ('[["mail", "chen@example.org"]]', '[["mial", "x"]]', "people.chen.reach[1]", "did you mean mail?"),
        ('[["mail", "chen@example.org"]]', '[["mail"]]', "people.chen.reach[1]", "a channel and an address"),
        ('[["mail", "chen@example.org"]]', '[["mail", ""]]', "people.chen.reach[1]", "1 to 512 printable"),
        ('[["mail", "chen@example.org"]]', '[["mail", "a"], ["mail", "a"]]', "people.chen.reach[2]", "twice"),
        ('after = "0m"', 'after = "1m"', "chains.default.steps[1].after", 'the first step must be at "0m"'),
        ('after = "1h"', 'after = "300s"', "chains.default.steps[3].after", "must be later than 5m"),
        ('after = "5m"', 'after = "25h"', "chains.default.steps[2].after", "a wait of at most 24h"),
        ('["everybody"]', "[]", "chains.default.steps[3].tell", "a list of people by their ids"),
        ('["everybody"]', '["chn"]', "chains.default.steps[3].tell[1]", "nobody has this id; did you mean chen?"),
        ('["everybody"]', '["chen", "chen"]', "chains.default.steps[3].tell[2]", "named twice"),
        ("[chains.default]", "[chains.'a b']", 'chains."a b"', "must be a level or default"),
        ('["chen"]\n[[', '["lu"]\n[[', "duty.shifts[1].people[1]", "did you mean liu?"),
        ("2026-07-16T08", "2026-07-15T08", "duty.shifts[1].until", "must be later than since"),
        ("2026-07-16T08:00:00+08:00", "2026-07-16", "duty.shifts[1].until", "an instant"),
        ('["mon", "sun"]', '["mon", "sunday"]', "duty.weekly[1].days", "mon, tue, wed, thu, fri, sat, sun"),
        ("20:00-08:00", "20:00-8:00", "duty.weekly[1].hours", "hours of the day"),
        ("since = 2026-07-06\n", "", "duty.weekly[1].since", "is required with every_weeks"),
        ("every_weeks = 2", "every_weeks = 0", "duty.weekly[1].every_weeks", "at least 1"),
        ("[[duty.weekly]]", "[[duty.wekly]]", "duty.wekly", "did you mean weekly?"),
        ('kind = "webhook"', 'kind = "fax"', "channels.sms-gate.kind", "must be one of"),
        ("https://sms", "sms", "channels.sms-gate.url", "must be an address such as"),
        ('url = "https://sms.example.org/send"', "", "channels.sms-gate.url", "is required"),
        ('form = "short"', 'secret = "hunter2"', "channels.sms-gate.secret", "set GAUGE_SECRET_SMS_GATE or"),
        ("mailto://smtp", "mailto://me:hunter2@smtp", "channels.mail.url", "a password does not belong"),
        ("smtp.example.org?", "smtp.example.org?pass={secret}&", "channels.mail.url", "set GAUGE_SECRET_MAIL or"),
        ("smtp.example.org?", "smtp.example.org? hunter2", "channels.mail.url", "must"),
        ("[channels.mail]", "[channels.mail_file]", "channels.mail_file", "does not end in _file"),
        ("[channels.mail]", "[channels.SMS_gate]\nkind='bell'\n[channels.mail]", "channels.sms-gate", "share its"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place_and_what_would_be_right(
    folder: Path, before: str, after: str, key: str, remedy: str
) -> None:
    assert before in PEOPLE

    found = refused(folder, PEOPLE.replace(before, after, 1))

    assert any(one.file == "people.toml" and one.key == key and remedy in one.remedy for one in found), found
    assert "hunter2" not in f"{found!r} {[*map(str, found)]}"


def test_the_port_of_a_relay_is_not_taken_for_a_password() -> None:
    channel = {"kind": "apprise", "url": "mailto://relay.example.org:587?from=rain@example.org&to={to}"}

    read = read_channels({"mail": channel}, Place("people.toml", "channels"), {}, lambda path: path.read_text())

    assert read.mistakes == []


def test_one_mistake_is_told_once(folder: Path) -> None:
    assert len(refused(folder, PEOPLE.replace('name = "刘伟"', 'name = ""'))) == 1


def test_a_broken_file_is_told_by_its_line_and_its_secrets_are_not_taken_for_unknown(folder: Path) -> None:
    (found,) = refused(folder, PEOPLE + "[people", {"GAUGE_SECRET_MAIL": "hunter2"})

    assert (found.file, found.key[:4]) == ("people.toml", "line") or found.key == "last line"


# --- secrets -----------------------------------------------------------------------------------------------------

SECRET = PEOPLE.replace("mailto://smtp", "mailto://me:{secret}@smtp")


def test_secrets_are_read_from_the_environment_or_a_file_and_never_told(folder: Path) -> None:
    (folder / "secret").write_text("hunter2-file\n", encoding="utf-8")
    environ = {"GAUGE_SECRET_MAIL": "hunter2", "GAUGE_SECRET_SMS_GATE": ""}
    environ["GAUGE_SECRET_SMS_GATE_FILE"] = str(folder / "secret")

    configuration = loaded(folder, SECRET, environ)

    assert configuration.channels["mail"].secret.get_secret_value() == "hunter2"
    assert configuration.channels["sms-gate"].secret.get_secret_value() == "hunter2-file"
    assert (
        "hunter2" not in f"{configuration!r} {configuration.text} {configuration.channels!r} {configuration.roster!r}"
    )
    assert configuration.digest == loaded(folder, SECRET, {"GAUGE_SECRET_MAIL": "other"}).digest


@pytest.mark.parametrize(
    ("environ", "key", "remedy"),
    [
        ({"GAUGE_SECRET_MAIL": "hunter2\n"}, "GAUGE_SECRET_MAIL", "one line of 1 to 4096"),
        ({"GAUGE_SECRET_MAIL_FILE": "/nowhere"}, "GAUGE_SECRET_MAIL_FILE", "No such file"),
        ({"GAUGE_SECRET_MAIL": "hunter2", "GAUGE_SECRET_MAIL_FILE": "x"}, "GAUGE_SECRET_MAIL_FILE", "not both"),
        ({"GAUGE_SECRT_MAIL": "hunter2"}, "GAUGE_SECRT_MAIL", "unknown name"),
    ],
)
def test_a_mistake_in_a_secret_is_told_without_the_secret(
    folder: Path, environ: dict[str, str], key: str, remedy: str
) -> None:
    found = refused(folder, PEOPLE, environ)

    assert [one.key for one in found] == [key]
    assert found[0].file == "environment"
    assert remedy in found[0].remedy
    assert "hunter2" not in f"{found!r} {[*map(str, found)]}"


@pytest.mark.parametrize(
    ("text", "environ", "key", "remedy"),
    [
        (PEOPLE, {"GAUGE_SECRET_SMS_GATE": ""}, "channels.sms-gate.secret", "set GAUGE_SECRET_SMS_GATE or "),
        (PEOPLE, {"GAUGE_SECRET_SMS_GATE": ""}, "channels.sms-gate.secret", "GAUGE_SECRET_SMS_GATE_FILE"),
        (SECRET, {}, "channels.mail.url", "set GAUGE_SECRET_MAIL or "),
        (SECRET, {"GAUGE_SECRET_MAL": "hunter2"}, "channels.mail.url", "; GAUGE_SECRET_MAL is set, and belongs to no"),
        (SECRET, {"GAUGE_SECRET_MAL_FILE": "/nowhere"}, "channels.mail.url", "; GAUGE_SECRET_MAL is set, and belongs"),
        (
            PEOPLE,
            {"GAUGE_SECRET_SMS_GATE": "", "GAUGE_SECRET_SMS-GATE": "hunter2"},
            "channels.sms-gate.secret",
            "; GAUGE_SECRET_SMS-GATE is set",
        ),
    ],
)
def test_a_channel_without_the_secret_that_it_needs_is_the_mistake_and_a_slip_of_the_pen_is_named(
    folder: Path, text: str, environ: dict[str, str], key: str, remedy: str
) -> None:
    (found,) = refused(folder, text, environ)

    assert (found.file, found.key) == ("people.toml", key)
    assert remedy in found.remedy
    assert "hunter2" not in str(found)


@pytest.mark.parametrize(
    "environ",
    [
        {"GAUGE_SECRET_OLD": "hunter2"},
        {"GAUGE_SECRET_OLD": "hunter2\n"},
        {"GAUGE_SECRET_OLD_FILE": "/nowhere"},
        {"GAUGE_SECRET_MAL": "hunter2"},
    ],
)
def test_a_secret_of_no_channel_is_a_warning_and_keeps_nothing_down(folder: Path, environ: dict[str, str]) -> None:
    configuration = loaded(folder, PEOPLE, environ)

    (found,) = configuration.warnings
    assert [(found.file, found.key)] == [("environment", name) for name in environ]
    assert "no channel of people.toml has this secret" in found.remedy
    assert "hunter2" not in str(found)
    assert configuration.digest == loaded(folder).digest
    assert loaded(folder).warnings == ()


def test_without_people_every_secret_is_one_of_nobody(folder: Path) -> None:
    assert [one.key for one in load(folder, {"GAUGE_SECRET_MAIL": "hunter2"}).warnings] == ["GAUGE_SECRET_MAIL"]
    assert load(folder, {"GAUGE_SECRET_MAIL": ""}).warnings == ()


PEOPLE_LINES = [
    "[duty]",
    "[people.liu]",
    "[[duty.shifts]]",
    "[chains.default]",
    'calendar = "people.toml"',
    "steps = 1",
]


@settings(max_examples=200, deadline=None)
@given(st.lists(MUTATION, min_size=1, max_size=4), st.sampled_from(PEOPLE_LINES), st.integers(0, 40))
def test_whatever_is_written_there_it_loads_or_is_refused(
    tmp_path_factory: pytest.TempPathFactory, mutations: list[tuple[str, int, object]], line: str, place: int
) -> None:
    folder = tmp_path_factory.mktemp("c")
    write(folder)
    content = mutated(PEOPLE.encode(), "line", place, line)
    for mutation in mutations:
        content = mutated(content, *mutation)
    (folder / "people.toml").write_bytes(content)

    try:
        configuration = load(folder, HOOK)
    except ConfigurationRefused as refused:
        remedies = [mistake.remedy for mistake in refused.mistakes]
    else:
        remedies = ["none"]
        on_duty(configuration.roster, at("15T12:00"))
        assert json.loads(configuration.text)

    assert remedies
    assert all(remedies)


def test_a_bell_at_a_file_is_a_warning_and_one_at_a_terminal_or_nowhere_yet_is_none(folder: Path) -> None:
    file = folder / "bellfile"
    file.touch()
    ways = ", ".join(f'["bell", "{to}"]' for to in (file, "/dev/null", folder / "not-there", "-"))
    text = f'[channels.bell]\nkind = "bell"\n[people.liu]\nname = "刘伟"\nreach = [{ways}]\n'
    (folder / "people.toml").write_text(text, encoding="utf-8")

    (warning,) = load(folder, {}).warnings

    assert (warning.key, warning.value) == ("people.liu.reach[1]", shown(str(file)))
    assert "is no terminal" in warning.remedy
