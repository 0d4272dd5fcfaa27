"""docs/cap.md says of each event and each level what the documents say."""

from gauge_ingest.core.levels import LEVELS, level_of
from gauge_ingest.core.model import Basin, EventKind
from gauge_ingest.notifiers.cap_chain import SILENT_KINDS, words
from tests.cap.alerts import event, evidence, issuer, parameters, parsed, published, said, told
from tests.test_docs import tables


def test_the_table_of_levels_is_the_one_that_the_documents_are_made_from() -> None:
    written = {row[0]: tuple(row[1:]) for row in tables("docs/cap.md", "level")[0]}

    assert written == {
        f"{one.id} {one.zh}": (one.cap_severity, one.cap_urgency, one.cap_response) for one in LEVELS.values()
    }


def test_the_table_of_events_is_what_a_document_says_of_each() -> None:
    rows = {row[0]: row[1:] for row in tables("docs/cap.md", "event")[0]}
    silent = next(names for names in rows if ", " in names)
    level = level_of("prepare")
    of_the_level = (level.cap_urgency, level.cap_severity, "Observed", level.cap_response)

    assert set(silent.split(", ")) == {kind.value for kind in SILENT_KINDS}
    assert {*rows, *silent.split(", ")} - {silent} == {kind.value for kind in EventKind}
    for kind in set(EventKind) - set(SILENT_KINDS):
        kind_written, *written = rows[kind.value]
        meant = [own if text == "of the level" else text for text, own in zip(written, of_the_level, strict=True)]
        assert meant == [word or "none" for word in words(kind, level, evidence())], kind
        first, then = published(issuer(), told(event(1), event(2, kind)))
        assert said(first, "msgType") == ["Alert"]
        assert kind_written.split(" ")[-1 if kind is EventKind.WITHDRAWN else 0].rstrip(",") in (
            ["Alert"] if kind is EventKind.RAISED else said(then, "msgType")
        )


def test_every_element_and_parameter_is_explained() -> None:
    rows = tables("docs/cap.md", "element")[0]
    explained = {name.strip(" `") for row in rows for name in row[0].split(",")}
    meaning = {row[0]: row[1] for row in rows}
    who = issuer(
        {"contact": "1", "web": "https://rain.example", "status": "Exercise"},
        instruction=lambda *_: "go",
        basins={"basin": Basin("basin", "b", (), ((1.0, 1.0), (1.0, 2.0), (2.0, 2.0)))},
    )
    why = evidence(absent=("HTB02",), wetness="wet")
    events = told(event(1, rule="storm", evidence=why), event(2, scope="basin"), event(3, EventKind.CLEARED, ""))

    for one in published(who, events):
        names = {node.tag.partition("}")[2] for node in parsed(one).iter()}
        inside = {"alert", "valueName", "value", "areaDesc", "polygon", "circle", "geocode"}
        assert names - inside <= explained
        assert not {name for name in parameters(one) if f"`{name}`" not in meaning["`parameter`"]}
        assert {f"`{name}`" for name in names & {"polygon", "circle", "geocode"}} <= set(meaning["`area`"].split())
