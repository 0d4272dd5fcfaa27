"""The documents against the code: links, command lines, examples, tables.

Goal: nothing that is written is untrue. Method: the Markdown is read, and what can be compared or run is.
"""

import ast
import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer
from typer.main import get_command
from typer.testing import CliRunner

from gauge_ingest import commands
from gauge_ingest.cli import app
from gauge_ingest.codecs import Message
from gauge_ingest.codecs.json_v1 import json_schema
from gauge_ingest.configuration import load
from gauge_ingest.core.calibration import TipLoss
from gauge_ingest.core.fixed import Fixed
from gauge_ingest.core.model import AlertEvent, Deployment, EventKind, Evidence, Flag, Row, Station, Step
from gauge_ingest.pump.findings import Finding
from gauge_ingest.stores import Total
from gauge_ingest.stores.lines import LineProtocol, total_line
from tests import test_tidy
from tests.codecs.goldens import decode

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
PACKAGE = ROOT / "gauge_ingest"
RUNNER = CliRunner()
# What a reader elsewhere cannot use, or what is no business of a reader.
FORBIDDEN = {
    "a path of this machine": r"(?<![\w.])/(work|root|home)/",
    "the number of an issue": r"(?<![\w&/])#\d+\b|\bissue \d+|\bPR \d+",
    "a package registry": r"index-url|\.org/simple|mirrors?\.\w+\.\w+",
}
PLACEHOLDERS = {"STATION": "HTB01", "ID": "1", "T": "24h", "DIR": "config"}


class Block(NamedTuple):
    """A fenced block: where it is, its info string, its text."""

    where: str
    info: str
    text: str


def blocks(document: Path) -> Iterator[Block]:
    text = document.read_text(encoding="utf-8")
    for found in re.finditer(r"^( *)```([^\n]*)\n(.*?)^\1```$", text, re.DOTALL | re.MULTILINE):
        line = text[: found.start()].count("\n") + 1
        body = "\n".join(one.removeprefix(found[1]) for one in found[3].splitlines())
        yield Block(f"{document.relative_to(ROOT)}:{line}", found[2].strip(), body)


def prose(document: Path) -> str:
    """A document without its fenced blocks."""
    return re.sub(r"^( *)```.*?^\1```$", "", document.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)


def tables(document: str, first_heading: str) -> list[list[list[str]]]:
    """The rows of each table of a document whose first column is headed so."""
    found: list[list[list[str]]] = []
    inside = False
    for line in (ROOT / document).read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and cells[0] == first_heading:
            found.append([])
            inside = True
        elif inside and line.startswith("|"):
            if not set(line) <= set("|-: "):
                found[-1].append(cells)
        else:
            inside = False
    assert found, f"{document} has no table headed {first_heading!r}"
    return found


def command_lines() -> list[tuple[str, list[str]]]:
    """Every `gauge-ingest …` of the documents, as words."""
    found = []
    for document in DOCUMENTS:
        name = str(document.relative_to(ROOT))
        lines = [(one.where, line) for one in blocks(document) if one.info == "sh" for line in one.text.splitlines()]
        lines += [(name, code) for code in re.findall(r"`([^`\n]+)`", prose(document))]
        for where, line in lines:
            inside = re.sub(r"^docker compose exec (-T )?gauge-ingest ", "", line)
            command = re.match(r"(?:\.venv/bin/)?gauge-ingest ([a-z][^|;&>]*)", inside)
            if command and not re.match(r"docker compose", inside):
                found.append((where, shlex.split(command[1].replace("…", ""), comments=True)))
    assert len(found) > 20
    return found


# --- links and words ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(document: Path) -> None:
    wrong = []

    for target in re.findall(r"\]\(([^)\s]+)\)", prose(document)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (document.parent / path).resolve() if path else document
        if not there.exists():
            wrong.append(target)
        elif anchor and anchor not in _anchors(there):
            wrong.append(f"{target}: no such heading")

    assert not wrong, wrong


def _anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_document_names_what_a_reader_elsewhere_cannot_use(document: Path) -> None:
    text = document.read_text(encoding="utf-8")

    wrong = [f"{what}: {found[0]}" for what, pattern in FORBIDDEN.items() if (found := re.search(pattern, text))]

    assert not wrong, wrong


def test_every_document_is_reached_from_the_readme() -> None:
    reached, ahead = set[Path](), [ROOT / "README.md"]

    while ahead:
        document = ahead.pop()
        reached.add(document)
        for target in re.findall(r"\]\(([^)\s#]+\.md)[^)]*\)", prose(document)):
            there = (document.parent / target).resolve()
            if there not in reached:
                ahead.append(there)

    assert not {path for path in DOCUMENTS if path.name != "CHANGELOG.md"} - reached


def test_files_named_in_the_architecture_exist() -> None:
    named = set(re.findall(r"`((?:[\w.]+/)*\w+(?:\.py|/))`", prose(ROOT / "docs" / "ARCHITECTURE.md")))

    places = (PACKAGE, ROOT)
    beside_the_journal = {"spool/", "accepted-config/"}

    assert not [name for name in named - beside_the_journal if not any((place / name).exists() for place in places)]


def test_the_picture_fetches_nothing() -> None:
    picture = (ROOT / "docs" / "demo.svg").read_text(encoding="utf-8")

    assert set(re.findall(r"https?://[^\s\"')]+", picture)) == {"http://www.w3.org/2000/svg"}
    assert "@font-face" not in picture
    assert "IMMEDIATE" in picture


# --- commands ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("where", "words"), command_lines())
def test_every_command_line_is_understood(where: str, words: list[str]) -> None:
    try:
        _parse([PLACEHOLDERS.get(word, word) for word in words])
    except typer.BadParameter as error:
        if ":" in where or type(error).__name__ != "MissingParameter":  # a sentence may name a command alone
            raise


def _parse(words: list[str]) -> None:
    """Take a command line apart as typer does, without carrying it out."""
    name, command = "gauge-ingest", get_command(app)
    while words or name == "gauge-ingest":
        context: Any = command.make_context(name, words)
        words = [*getattr(context, "_protected_args", ()), *context.args]
        if not words:
            return
        name, command, words = command.resolve_command(context, words)  # type: ignore[attr-defined]


def test_each_command_of_the_readme_that_only_checks_does_so() -> None:
    answer = RUNNER.invoke(app, ["check", "--config", str(ROOT / "config")])

    assert answer.exit_code == 0
    assert "stations: 5, rules: 1" in answer.output


def test_every_make_target_and_module_that_is_named_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = "\n".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)

    assert not set(re.findall(r"(?:`|^)make ([a-z]+)", text, re.MULTILINE)) - targets
    for module in re.findall(r"python -m ([a-z_.]+)", text):
        path = ROOT / Path(*module.split("."))
        assert path.is_dir() or path.with_suffix(".py").exists() or module in {"pytest", "timeit"}, module


# --- examples ----------------------------------------------------------------------------------------------------


def _examples(info: str) -> list[Block]:
    return [block for block in blocks(ROOT / "docs" / "stations.md") if block.info == info]


def test_every_message_of_stations_md_is_read_whole() -> None:
    messages = [decode(block.text.encode()) for block in _examples("json")]

    assert len(messages) >= 5
    assert all(message.reports and not message.rejected for message in messages)


def test_of_the_bad_example_the_good_reading_is_kept() -> None:
    messages = [decode(block.text.encode()) for block in _examples("json bad")]

    assert [(len(message.reports), [one.place for one in message.rejected]) for message in messages] == [(1, [1])]


def test_the_message_for_mosquitto_pub_is_read() -> None:
    block = next(block for block in _examples("sh") if "mosquitto_pub" in block.text)
    script = block.text.replace("'$now'", "2026-07-15T18:05:00+08:00")

    words = shlex.split(next(line for line in script.splitlines() if line.startswith("mosquitto_pub")))
    message: Message = decode(words[words.index("-m") + 1].encode())

    assert words[words.index("-t") + 1] == "rain/v1/HTB01/up"
    assert [reading.counter for reading in message.reports] == [100]
    assert not message.rejected


def test_every_toml_example_is_toml() -> None:
    for document in DOCUMENTS:
        for block in blocks(document):
            if block.info == "toml":
                tomllib.loads(block.text)


def test_every_json_example_is_json() -> None:
    for document in DOCUMENTS:
        for block in blocks(document):
            if block.info.startswith("json"):
                json.loads(block.text)


def test_the_shipped_configuration_is_what_the_documents_say() -> None:
    configuration = load(ROOT / "config", {})

    assert configuration.rules[0].levels == ("prepare", "immediate")
    assert configuration.settings.mqtt.topic == "rain/v1/+/up"
    assert configuration.settings.journal.path == "var/journal.db"
    assert not configuration.settings.influx.url


# --- tables ------------------------------------------------------------------------------------------------------

TYPES = {"integer": "whole number", "number": "number", "boolean": "true or false", "array": "list", "string": "text"}


def _field(name: str, found: dict[str, Any], required: list[str]) -> tuple[str, str, str, str]:
    one = next((part for part in found.get("anyOf", ()) if part["type"] != "null"), found)
    kind = "instant" if one.get("format") == "date-time" else TYPES[one["type"]]
    low, high = one.get("minimum", one.get("minItems")), one.get("maximum", one.get("maxItems"))
    bounds = f"{low} … {high}" if low is not None else str(one.get("const", ", ".join(one.get("enum", ()))))
    return f"`{name}`", "yes" if name in required else "", kind, bounds


def test_the_tables_of_json_v1_are_those_of_the_codec() -> None:
    schema = json_schema()
    parts = [schema, schema["$defs"]["ReadingV1"]]
    expected = [[_field(name, found, part["required"]) for name, found in part["properties"].items()] for part in parts]

    written = [[tuple(row[:4]) for row in table] for table in tables("docs/stations.md", "field")]

    assert written == expected


def test_the_import_table_is_the_one_that_is_enforced() -> None:
    written = {}

    for part, allowed in (row[:2] for row in tables("docs/ARCHITECTURE.md", "part")[0]):
        names = set(re.findall(r"`([\w.]+)`", allowed))
        assert names or allowed in {"nothing", "everything"}, allowed
        written[part.strip("`")] = {test_tidy.EVERYTHING} if allowed == "everything" else names

    assert written == {part: set(allowed) for part, allowed in test_tidy.MAY_IMPORT.items()}


def test_every_part_of_the_package_has_its_role_written_down() -> None:
    roles = " ".join(row[0] for row in tables("docs/ARCHITECTURE.md", "part")[1])
    parts = {path.name for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}

    assert not {
        part
        for part in parts - {"__init__.py", "__main__.py"}
        if f"`{part}`" not in roles and f"`{part}/`" not in roles
    }


def test_every_step_and_event_is_explained() -> None:
    steps = [row[0] for row in tables("docs/ARCHITECTURE.md", "step")[0]]
    events = [row[0] for row in tables("docs/ARCHITECTURE.md", "event")[0]]

    assert sorted(steps) == sorted(step.name for step in Step)
    assert sorted(events) == sorted(kind.value for kind in EventKind)


def test_every_finding_that_is_raised_is_explained() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py"))
    raised = {finding.value for finding in Finding if f"Finding.{finding.name}" in source}

    assert {row[0].strip("`") for row in tables("docs/operations.md", "finding")[0]} == raised


def test_every_health_check_is_explained() -> None:
    paths = [Path(commands.__path__[0]) / "health.py", PACKAGE / "wellbeing" / "__init__.py"]
    trees = [ast.parse(path.read_text("utf-8")) for path in paths]
    calls = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = {
        str(call.args[0].value)
        for call in calls
        if ast.unparse(call.func) == "Check" and isinstance(call.args[0], ast.Constant)
    }

    assert {row[0].strip("`") for row in tables("docs/operations.md", "check")[0]} == names


def test_every_log_line_is_explained() -> None:
    lines = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and re.fullmatch(
                r"log\.(info|warning|error|critical)", ast.unparse(node.func)
            ):
                assert isinstance(node.args[0], ast.Constant)
                level = ast.unparse(node.func).removeprefix("log.").upper()
                lines.add((f"`{re.sub(r'%[.0-9]*[sdf]', '…', str(node.args[0].value))}`", level))

    written = {(row[0], row[1]) for row in tables("docs/operations.md", "line")[0]}

    # Two lines consist of nothing but an error's own words, one is an alert's.
    assert written == {line for line in lines if line[0] != "`…`"}


def test_the_fields_of_influxdb_md_are_those_that_are_written() -> None:
    station = Station("HTB01", "石门", (Deployment(0, 0.5, 65_536, 43.75, 86.57, 1_250.0, TipLoss(0.45)),))
    row = Row("HTB01", 1_000, 5, 0, 0, 0, 1, 1, 12.6, -87.0, 11.5, False, 1, 0, 1, 1, 1, 1, 1, True)
    evidence = Evidence(1_800, 0, 1_000, 6.0, 6.0, 6.0, 1.0)
    event = AlertEvent(
        1, 1, "r", "HTB01", EventKind.RAISED, "prepare", 1_000, 1, 1, False, False, True, evidence, "rain", "wang"
    )

    rain, state, alert = (line for line, _ in LineProtocol({"HTB01": station}).lines([row], [event]))
    hour = Total("HTB01", 3_600_000, Fixed(0, 3_600_000, 1, 1, 1, 0.5, 0.5, 1.0, Flag.GOOD))
    lines = [rain, total_line(hour), state, alert]

    for table, line in zip(tables("docs/influxdb.md", "field"), lines, strict=True):
        fields = " " + line.partition(" ")[2]
        assert {cells[0].strip("`") for cells in table} == set(re.findall(r"[ ,](\w+)=", fields))
