"""The configuration of a drill: marked, apart from everything real, and of no use anywhere else."""

import shutil
from pathlib import Path

import pytest

from gauge_ingest.configuration import ConfigurationRefused, load
from gauge_ingest.core.people import EVERYBODY, ChainStep
from gauge_ingest.drill.derived import roster_of, write
from gauge_ingest.drill.over import tell_over
from gauge_ingest.drill.report import Ended
from gauge_ingest.notifiers import Message, NotifierUnavailable
from tests.delivery.sink import sink
from tests.drill.place import County


def county(folder: Path) -> County:
    with sink() as hook:
        return County(folder, hook)


def written(folder: Path, *to: str) -> Path:
    """A drill's configuration for some people, or for all."""
    one = county(folder)
    configuration = load(one.config, one.environ)
    there = folder / "drills" / "now"
    return write(there, one.config, configuration, name="a drill", mqtt={"port": 18_830}, desk={"port": 0}, to=to)


def refused(config: Path, **environ: str) -> list[str]:
    with pytest.raises(ConfigurationRefused) as raised:
        load(config, {"GAUGE_SECRET_HOOK": "of-the-tests-0123456789", **environ})
    return [str(one) for one in raised.value.mistakes]


def test_a_drill_takes_neither_journal_nor_influx_nor_real_status_from_the_environment(tmp_path: Path) -> None:
    config = written(tmp_path)
    real = {"GAUGE_JOURNAL_PATH": "var/journal.db", "GAUGE_INFLUX_URL": "http://127.0.0.1:8086"}
    real |= {"GAUGE_CAP_STATUS": "Actual", "GAUGE_NOTIFY_MQTT": "true"}

    configuration = load(config, {**real, "GAUGE_SECRET_HOOK": "of-the-tests-0123456789"})

    settings = configuration.settings
    assert settings.journal_path == tmp_path / "drills" / "now" / "journal.db"
    assert (settings.influx.url, settings.notify.mqtt, settings.cap.status) == ("", False, "Exercise")
    assert settings.cap.folder == str(tmp_path / "drills" / "now" / "cap")
    assert settings.drill_options == f" --config {config}"


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("drills/now/journal.db", "journal.db", "drill.name"),
        ("mqtt = false", "mqtt = true", "notify.mqtt"),
        ('status = "Exercise"', 'status = "Actual"', "cap.status"),
        ("[cap]", '[influx]\nurl = "http://127.0.0.1:8086"\n[cap]', "influx.url"),
    ],
)
def test_what_would_let_a_drill_reach_the_real_world_is_refused(tmp_path: Path, old: str, new: str, key: str) -> None:
    file = written(tmp_path) / "gauge_ingest.toml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")

    assert any(key in one for one in refused(file.parent))


def test_the_mark_of_a_drill_on_the_real_service_is_refused_so_that_no_real_alert_is_called_one(tmp_path: Path) -> None:
    one = county(tmp_path)

    assert any("drill" in mistake for mistake in refused(one.config, GAUGE_DRILL_NAME="a drill"))


def test_for_some_people_every_step_that_names_others_tells_all_of_them(tmp_path: Path) -> None:
    one = county(tmp_path)
    whole = load(one.config, one.environ).roster
    configuration = load(written(tmp_path / "other", "chen", "liu"), one.environ)

    assert roster_of(whole, ()) is whole
    assert configuration.roster == roster_of(whole, ("chen", "liu"))
    assert configuration.roster.people == {name: whole.people[name] for name in ("liu", "chen")}
    assert configuration.roster.chains["default"] == (ChainStep(0, (EVERYBODY,)), ChainStep(86_400, (EVERYBODY,)))


def test_for_the_roster_people_and_rota_stay_as_they_are(tmp_path: Path) -> None:
    one = county(tmp_path)
    shutil.rmtree(one.folder / "other", ignore_errors=True)

    assert load(written(tmp_path / "other"), one.environ).roster.weekly == load(one.config, one.environ).roster.weekly


class Silent:
    """A channel that takes nothing."""

    name = "hook"

    def send(self, to: str, message: Message) -> None:
        raise NotifierUnavailable(f"{to}: nobody answers {message.grade}")

    def close(self) -> None:
        """Nothing to let go of."""


def test_who_cannot_be_told_that_it_is_over_stands_in_the_report_with_the_reason(tmp_path: Path) -> None:
    one = county(tmp_path)
    liu = load(one.config, one.environ).roster.people["liu"]

    told = tell_over([liu], lambda _name: Silent(), name="a drill", at="now", how=Ended.SEEN)

    assert told == {"liu": "not told: hook: liu: nobody answers 1"}
