"""actions.toml and messages/: read with the rest of the configuration, refused as a whole, part of its text."""

import json
import shutil
from pathlib import Path

import pytest

from gauge_ingest.app.accepted import accept
from gauge_ingest.app.messages import writer_of
from gauge_ingest.configuration import ConfigurationRefused, load
from gauge_ingest.core.actions import Words
from gauge_ingest.core.levels import LEVELS
from gauge_ingest.messages.samples import SAMPLES
from tests.messages.goldens import reader

SHIPPED = Path(__file__).parents[2] / "config"
HEADLINE = "{{ level }}!{{ place }}{{ rain_mm }}{% if not warns %}{{ highest_rain_mm }}{% endif %}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(SHIPPED, tmp_path / "config")
    return tmp_path / "config"


def refused(folder: Path) -> list[str]:
    with pytest.raises(ConfigurationRefused) as error:
        load(folder, {})
    return [str(mistake) for mistake in error.value.mistakes]


def test_the_shipped_texts_cover_every_level_in_both_languages_and_say_that_they_are_a_proposal() -> None:
    actions = load(SHIPPED, {}).actions

    assert set(actions.levels) == set(LEVELS)
    assert all(words.zh and words.en for words in actions.levels.values())
    assert "PROPOSAL" in (SHIPPED / "actions.toml").read_text(encoding="utf-8")


def test_without_the_file_there_are_no_texts_and_the_text_of_the_configuration_has_no_such_key(folder: Path) -> None:
    with_texts = load(folder, {})
    (folder / "actions.toml").unlink()
    without = load(folder, {})

    assert without.actions.levels == {}
    assert "actions" not in json.loads(without.text)
    assert json.loads(with_texts.text)["actions"]["levels"]["immediate"]["zh"]
    assert with_texts.digest != without.digest


def test_a_place_of_its_own_is_read(folder: Path) -> None:
    (folder / "actions.toml").write_text(
        '[actions.immediate]\nzh = "走"\nen = "go"\n[actions.immediate.places.HTB02]\nzh = "上山"\n', encoding="utf-8"
    )

    actions = load(folder, {}).actions

    assert actions.levels == {"immediate": Words("走", "go")}
    assert actions.places == {("immediate", "HTB02"): Words("上山", "")}


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (
            '[actions.imediate]\nzh = "x"',
            "actions.toml: actions.imediate: no rule has such a level; did you mean immediate?",
        ),
        (
            '[actions.immediate.places.HTB2]\nzh = "x"',
            "actions.immediate.places.HTB2: no such place; did you mean HTB02?",
        ),
        (
            "[actions.immediate]\nch = 'x'",
            "actions.immediate.ch: unknown key; known: en, en_short, places, zh, zh_short",
        ),
        ("[actions.immediate]\nzh = 1", "actions.immediate.zh = 1: must be text"),
        ("[actions.immediate]\nzh = 'a\tb'", "must be 1 to 300 characters in one line"),
        ('[actions.immediate]\nzh = ""', 'actions.immediate.zh = "": must be 1 to 300 characters in one line'),
        ('[actions.immediate.places.HTB02]\nen = "  "', 'HTB02.en = "  ": must be 1 to 300 characters'),
        ('[actions.red]\nzh_short = "一二三四五六七八九十一二三"', "actions.red.zh_short"),
        ('[actions.red]\nen_short = "nineteen characters"', "must be 1 to 18 characters in one line"),
        ("actions = 1", "actions.toml: actions: must hold tables"),
        ("[actions]\nimmediate = 1", "actions.immediate: must be a table, written [actions.immediate]"),
        ("[actions.immediate]\nplaces = 1", "actions.immediate.places: must hold tables"),
        ("[action.immediate]\nzh = 'x'", "actions.toml: action: unknown key"),
        ("[actions.immediate", "actions.toml: last line: is no TOML"),
    ],
)
def test_a_mistake_in_the_texts_is_told_with_what_would_be_right(folder: Path, text: str, mistake: str) -> None:
    (folder / "actions.toml").write_text(text, encoding="utf-8")

    (told,) = refused(folder)

    assert mistake in told


def test_a_few_words_of_ones_own_stand_in_the_short_form(folder: Path) -> None:
    plain = load(folder, {})
    (folder / "actions.toml").write_text('[actions.immediate]\nzh_short = "全村上山"\n', encoding="utf-8")
    sample = SAMPLES["raised"]

    configuration = load(folder, {})
    short = {
        language: writer_of(one).message(sample.event, sample.alert, sample.events, person=reader(language)).short
        for one, language in ((configuration, "zh"), (configuration, "en"))
    }

    assert "全村上山" in short["zh"]
    assert "evacuate" in short["en"]
    assert "briefs" not in plain.text
    assert json.loads(configuration.text)["actions"]["briefs"]["immediate"]["zh"] == "全村上山"


def test_a_template_of_ones_own_takes_the_place_of_the_shipped_one(folder: Path) -> None:
    (folder / "messages" / "zh").mkdir(parents=True)
    (folder / "messages" / "README.md").write_text("ours", encoding="utf-8")
    (folder / "messages" / "zh" / "headline.txt.j2~").write_text("{{", encoding="utf-8")
    (folder / "messages" / "zh" / "headline.txt.j2").write_text(HEADLINE, encoding="utf-8")
    sample = SAMPLES["raised"]

    configuration = load(folder, {})
    writer = writer_of(configuration)
    chinese = writer.message(sample.event, sample.alert, sample.events, person=reader("zh"))
    english = writer.message(sample.event, sample.alert, sample.events, person=reader("en"))

    assert chinese.subject == "立即转移!雀尔沟镇31.5"
    assert english.subject.startswith("MOVE AT ONCE: ")
    assert json.loads(configuration.text)["templates"] == {"zh/headline.txt.j2": HEADLINE}
    assert not writer.failures


def test_a_mistake_in_a_template_is_told_with_its_file_its_line_and_the_nearest_name(folder: Path) -> None:
    (folder / "messages" / "en").mkdir(parents=True)
    (folder / "messages" / "en" / "text.txt.j2").write_text("{{ headline }}\n{{ plase }}", encoding="utf-8")
    (folder / "messages" / "en" / "shrt.txt.j2").write_text("", encoding="utf-8")

    assert refused(folder) == [
        "messages/en/shrt.txt.j2: there is no such template; did you mean en/short.txt.j2?",
        "messages/en/text.txt.j2: line 2: no such name: plase; did you mean place?",
    ]


def test_a_template_that_cannot_be_read_is_named(folder: Path) -> None:
    (folder / "messages" / "en" / "text.txt.j2").mkdir(parents=True)
    (folder / "messages" / "en" / "short.txt.j2").write_bytes(b"\xff")

    short, text = refused(folder)

    assert "messages/en/short.txt.j2: cannot be read: line 1 is not text in UTF-8" in short
    assert "messages/en/text.txt.j2: cannot be read" in text


def test_the_accepted_copy_has_the_texts_and_the_templates(folder: Path, tmp_path: Path) -> None:
    (folder / "messages" / "zh").mkdir(parents=True)
    (folder / "messages" / "zh" / "headline.txt.j2").write_text(HEADLINE, encoding="utf-8")

    accepted = accept(folder, tmp_path / "kept", {})

    assert load(tmp_path / "kept", {}).text == accepted.text == load(folder, {}).text
