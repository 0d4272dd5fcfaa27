"""A start with broken files goes on with those accepted before, where it is sure which these are; it says so."""

import logging
from collections.abc import Mapping
from pathlib import Path

import pytest

from gauge_ingest.app.accepted import Reloader, accept, network_of, take_up
from gauge_ingest.configuration import ConfigurationRefused, Usable, copy_before, kept_beside, load, usable
from gauge_ingest.outbound import OutboundProcess
from tests.test_config import RULE, write
from tests.worlds import Desk

NOT_TOML = "[journal\n"
PERSON = '[people.liu]\nname = "刘伟"\nreach = [["bell", "-"]]\n[channels.bell]\nkind = "bell"\n'


class Folder:
    """The folder of a configuration and its journal, accepted once."""

    def __init__(self, root: Path) -> None:
        self.config, self.journal = root / "config", root / "var" / "journal.db"
        self.config.mkdir()
        self.settings = f'[journal]\npath = "{self.journal}"\n'
        write(self.config, self.settings)
        self.write("people.toml", PERSON)
        self.journal.parent.mkdir()
        accept(self.config, self.kept, {})

    @property
    def kept(self) -> Path:
        return kept_beside(self.journal)

    def write(self, name: str, text: str) -> None:
        path = self.config / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def refused(self, environ: Mapping[str, str] | None = None) -> list[str]:
        with pytest.raises(ConfigurationRefused) as raised:
            usable(self.config, environ or {})
        return [str(one) for one in raised.value.mistakes]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_files_that_are_in_order_are_used_themselves(folder: Folder) -> None:
    found = usable(folder.config, {})

    assert (found.directory, found.refusal) == (folder.config, None)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("people.toml", PERSON + "[people.chen\n"),
        ("rules.toml", "[rules.flood]\n"),
        ("stations.toml", ""),
        ("actions.toml", "[actions]\nprepare = 1\n"),
        ("messages/zh/headline.txt.j2", "{{ no_such_word }}"),
        ("gauge_ingest.toml", "[mqtt]\nport = 0\n"),
    ],
)
def test_a_broken_file_leaves_the_accepted_configuration_in_force_and_is_named(
    folder: Folder, name: str, text: str
) -> None:
    before = load(folder.config, {}).digest
    folder.write(name, text if name != "gauge_ingest.toml" else folder.settings + text)

    found = usable(folder.config, {})

    assert (found.directory, found.configuration.digest) == (folder.kept, before)
    assert found.refusal is not None
    assert {one.file for one in found.refusal.mistakes} == {name}
    assert str(found.refusal).startswith(f"the configuration on disk is refused: {name}: ")
    assert f"; running on the one accepted at {found.refusal.accepted}" in str(found.refusal)
    assert found.refusal.accepted_at == folder.kept.stat().st_mtime_ns // 1_000_000


def test_what_people_are_told_of_a_mistake_holds_no_value(folder: Folder) -> None:
    folder.write("people.toml", PERSON.replace('["bell", "-"]', '["fax", "+8613800000001"], ["bell", ""]'))

    refusal = usable(folder.config, {}).refusal

    assert refusal is not None
    assert refusal.mistakes[0].value == '"fax"'
    assert "people.liu.reach[1]: no such channel" in str(refusal)
    assert "(and 1 more)" in str(refusal)
    assert "fax" not in str(refusal)


def test_a_first_start_has_nothing_to_go_on_with(folder: Folder) -> None:
    folder.kept.rename(folder.kept.with_name("elsewhere"))
    folder.write("rules.toml", NOT_TOML)

    (mistake,) = folder.refused()

    assert mistake.startswith("rules.toml: ")


@pytest.mark.parametrize(
    "settings",
    [
        NOT_TOML,
        "",
        "[jurnal]\npath = 'var/journal.db'\n",
        "[journal]\npth = 'var/journal.db'\n",
        "[journal]\npath = 5\n",
        "journal = 5\n",
    ],
)
def test_no_journal_is_guessed_where_a_mistake_may_hide_it(
    folder: Folder, monkeypatch: pytest.MonkeyPatch, settings: str
) -> None:
    """Method: what is kept beside the default journal belongs to another service."""
    other = folder.journal.parent.parent / "other"
    other.mkdir()
    monkeypatch.chdir(other)
    (other / "var").mkdir()
    write(folder.config, "")
    accept(folder.config, kept_beside(Path("var/journal.db")), {})
    folder.write("rules.toml", NOT_TOML)
    folder.write("gauge_ingest.toml", settings)
    if settings:
        assert folder.refused()
    else:
        assert usable(folder.config, {}).directory == Path("var/accepted-config"), "nothing hides the default"


@pytest.mark.parametrize("broken", ["text", "gone", "no folder"])
def test_where_the_environment_names_the_journal_its_file_need_not(folder: Folder, broken: str) -> None:
    if broken == "text":
        folder.write("gauge_ingest.toml", NOT_TOML)
    elif broken == "gone":
        (folder.config / "gauge_ingest.toml").unlink()
    else:
        folder.config.rename(folder.config.with_name("elsewhere"))

    found = usable(folder.config, {"GAUGE_JOURNAL_PATH": str(folder.journal)})

    assert found.directory == folder.kept


def test_a_drill_whose_settings_are_broken_never_goes_on_with_the_real_ones(folder: Folder) -> None:
    real = {"GAUGE_JOURNAL_PATH": str(folder.journal)}
    drill = folder.journal.parent / "drills" / "now" / "config"
    drill.mkdir(parents=True)
    (drill / "gauge_ingest.toml").write_text("[drill\n", encoding="utf-8")

    with pytest.raises(ConfigurationRefused):
        usable(drill, real)
    assert usable(folder.config.with_name("none"), real).directory == folder.kept


@pytest.mark.parametrize("rules", [RULE, NOT_TOML])
def test_a_mistake_in_the_environment_is_wrong_for_both(folder: Folder, rules: str) -> None:
    folder.write("rules.toml", rules)

    mistakes = folder.refused({"GAUGE_MQTT_PRT": "1884"})

    assert any("GAUGE_MQTT_PRT" in one for one in mistakes)
    assert mistakes[-1].startswith(f"{folder.kept}: cannot stand in for it: environment: GAUGE_MQTT_PRT: ")


def test_what_was_kept_of_another_journal_does_not_stand_in(folder: Folder) -> None:
    folder.write("gauge_ingest.toml", folder.settings.replace("journal.db", "other.db"))
    folder.write("rules.toml", NOT_TOML)

    assert folder.refused()[-1].startswith(f"{folder.kept}: cannot stand in for it: its journal is ")


def test_what_is_kept_and_broken_does_not_stand_in(folder: Folder) -> None:
    folder.write("rules.toml", NOT_TOML)
    (folder.kept / "rules.toml").write_text("rules = 1\n", encoding="utf-8")

    assert folder.refused()[-1].startswith(f"{folder.kept}: cannot stand in for it: ")


# --- a start, and what follows -----------------------------------------------------------------------------------


def test_a_start_tells_every_mistake_at_error_and_a_secret_of_nobody_at_warning(
    folder: Folder, caplog: pytest.LogCaptureFixture
) -> None:
    folder.write("rules.toml", NOT_TOML)
    folder.write("people.toml", PERSON.replace('"bell", "-"', '"fax", "-"'))

    running = take_up(folder.config, {"GAUGE_SECRET_OLD": "hunter2"})

    assert running.directory == folder.kept
    errors = [one.getMessage() for one in caplog.records if one.levelno == logging.ERROR]
    assert [error.partition("mistake=")[2][:11] for error in errors[:-1]] == ["rules.toml:", "people.toml"]
    assert "running on the configuration accepted at=" in errors[-1]
    (warning,) = [one.getMessage() for one in caplog.records if one.levelno == logging.WARNING]
    assert "GAUGE_SECRET_OLD" in warning
    assert "hunter2" not in caplog.text


def test_a_configuration_that_cannot_be_kept_is_refused_and_the_former_one_goes_on(folder: Folder) -> None:
    fresh = folder.kept.with_name(folder.kept.name + ".new")
    fresh.write_text("in the way", encoding="utf-8")

    running = take_up(folder.config, {})

    assert running.refusal is not None
    assert str(running.refusal).startswith(f"the configuration on disk is refused: {folder.kept}: it cannot be kept")


def test_a_mended_reload_ends_it_and_one_that_is_still_broken_names_what_is_left(
    folder: Folder, tmp_path: Path
) -> None:
    folder.write("people.toml", NOT_TOML)
    running = take_up(folder.config, {})
    desk = Desk(tmp_path, list(running.configuration.stations.values()), running.configuration.rules)
    reloader = _reloader(folder, running, desk)
    said = [reloader.refused.words]

    folder.write("people.toml", PERSON.replace('"bell", "-"', '"fax", "-"'))
    answers = [reloader()]
    said.append(reloader.refused.words)
    folder.write("people.toml", PERSON.replace("刘伟", "刘一"))
    answers.append(reloader())
    said.append(reloader.refused.words)
    desk.journal.close()

    assert [answer["ok"] for answer in answers] == [False, True]
    assert "is no TOML" in said[0]
    assert "no such channel" in said[1]
    assert said[2] == ""
    assert desk.pump.network.roster.people["liu"].name == "刘一"
    assert load(folder.kept, {}).roster.people["liu"].name == "刘一"


def test_a_reload_that_is_refused_while_nothing_stands_in_changes_nothing(folder: Folder, tmp_path: Path) -> None:
    running = take_up(folder.config, {})
    desk = Desk(tmp_path, list(running.configuration.stations.values()), running.configuration.rules)
    reloader = _reloader(folder, running, desk)
    folder.write("people.toml", NOT_TOML)

    answer = reloader()
    desk.journal.close()

    assert (answer["ok"], reloader.refused.words) == (False, "")
    assert load(folder.kept, {}).digest == running.configuration.digest


def test_a_reload_says_which_secrets_belong_to_nobody(folder: Folder, tmp_path: Path) -> None:
    running = take_up(folder.config, {})
    desk = Desk(tmp_path, list(running.configuration.stations.values()), running.configuration.rules)

    answer = _reloader(folder, running, desk, {"GAUGE_SECRET_OLD": "hunter2"})()
    desk.journal.close()

    assert [one["key"] for one in answer["warnings"]] == ["GAUGE_SECRET_OLD"]


def _reloader(folder: Folder, running: Usable, desk: Desk, environ: Mapping[str, str] | None = None) -> Reloader:
    desk.pump.configure(network_of(running.configuration))
    return Reloader(folder.config, running, environ or {}, desk.pump, OutboundProcess([], {}))


def test_the_copy_before_stands_in_when_the_power_went_while_the_new_one_took_its_place(folder: Folder) -> None:
    folder.kept.rename(copy_before(folder.kept))
    folder.write("people.toml", NOT_TOML)

    looked = usable(folder.config, {})
    taken = take_up(folder.config, {})

    assert looked.refusal is not None
    assert looked.directory == copy_before(folder.kept)
    assert (taken.directory, folder.kept.is_dir(), copy_before(folder.kept).exists()) == (folder.kept, True, False)
    assert "liu" in taken.configuration.roster.people


def test_at_each_step_of_a_reload_one_copy_is_there_whole(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    rename, seen = Path.rename, []

    def looked(path: Path, target: Path) -> Path:
        seen.append([load(one, {}).digest for one in (folder.kept, copy_before(folder.kept)) if one.is_dir()])
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", looked)
    accept(folder.config, folder.kept, {})

    assert [len(one) for one in seen] == [1, 1]
    assert not copy_before(folder.kept).exists()


def test_a_copy_that_cannot_take_its_place_leaves_the_old_one_there(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename, before = Path.rename, load(folder.kept, {}).digest

    def fails(path: Path, target: Path) -> Path:
        if path.name.endswith(".new"):
            raise OSError("no room")
        return rename(path, target)

    folder.write("people.toml", PERSON.replace("刘伟", "刘一"))
    monkeypatch.setattr(Path, "rename", fails)
    with pytest.raises(ConfigurationRefused, match="no room"):
        accept(folder.config, folder.kept, {})

    assert load(folder.kept, {}).digest == before
