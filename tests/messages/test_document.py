"""docs/messages.md against the code: every name with its kind, every file, and the examples as they are printed."""

import dataclasses
import re
from pathlib import Path

from gauge_ingest.app.messages import world_of, writer_of
from gauge_ingest.configuration import load
from gauge_ingest.core.model import EventKind
from gauge_ingest.messages.checking import check_templates
from gauge_ingest.messages.facts import Facts
from gauge_ingest.messages.rendering import ALERT_NAMES, FILES, FILTERS, GROUP_NAMES
from gauge_ingest.messages.samples import SAMPLES
from gauge_ingest.messages.short import GROUP_TAIL_MAX, SINGLE_MAX
from gauge_ingest.messages.writer import TEXTS_MAX

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "messages.md").read_text(encoding="utf-8")
KINDS = {str: "text", bool: "true, false", int: "number"}


def rows(heading: str) -> dict[str, list[str]]:
    section = DOCUMENT.split(f"### {heading}\n", 1)[1].split("\n#", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    return {row[0].strip("`"): row[1:] for row in cells}


def test_every_name_that_a_template_may_use_is_explained_with_its_kind() -> None:
    alerts, groups = rows("Names for alerts"), rows("Names for groups")

    assert tuple(alerts) == ALERT_NAMES
    assert tuple(groups) == GROUP_NAMES
    for one in dataclasses.fields(Facts):
        assert isinstance(one.type, type)
        assert alerts[one.name][0] == KINDS[one.type], one.name
    assert all(meaning for _, meaning in [*alerts.values(), *groups.values()])


def test_every_file_filter_and_kind_of_event_is_named() -> None:
    named = set(re.findall(r"`(\w+\.txt\.j2)`", DOCUMENT))

    assert named == {file.partition("/")[2] for file in FILES}
    assert all(f"`{name}`" in DOCUMENT for name in FILTERS)
    table = DOCUMENT.split("| kind | what its message makes plain |")[1].split("\n\n")[0]
    assert all(kind.value in table for kind in EventKind)


def test_the_numbers_are_those_of_the_program() -> None:
    assert f"{SINGLE_MAX} characters are for the message, {GROUP_TAIL_MAX} for how many more" in DOCUMENT
    assert f"fit in {TEXTS_MAX} characters" in DOCUMENT


def test_the_examples_are_what_is_printed() -> None:
    configuration = load(ROOT / "config", {})
    writer, world = writer_of(configuration), world_of(configuration)
    printed = re.findall(r"```text\n(.*?)\n```", DOCUMENT, flags=re.DOTALL)

    english = writer.written(SAMPLES["unconfirmed"].facts("en", world), "en")
    chinese = writer.written(SAMPLES["unconfirmed"].facts("zh", world), "zh")

    assert printed[0] == english.text
    assert f"`{chinese.short.removesuffix(' #12')}`" in DOCUMENT


def test_the_template_of_the_document_is_in_order() -> None:
    (source,) = re.findall(r"```jinja\n(.*?)```", DOCUMENT, flags=re.DOTALL)

    assert check_templates({"en/short.txt.j2": source}) == []
