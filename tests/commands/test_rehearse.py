"""rehearse on the command line: what it prints, refuses and draws; the example of its document."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.commands.place import Place
from tests.worlds import HOUR, MINUTE, T0, message, text

DOCUMENT = Path(__file__).parents[2] / "docs" / "rehearsal.md"
BLOCKS = re.findall(r"^```([^\n]*)\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
HEADER = "station,observed_at,rain_mm"
STORM = [f"HTB01,{text(T0 + 5 * number * MINUTE)},{1.5 if 3 < number < 12 else 0}" for number in range(60)]


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """The files of the document's example."""
    tomls = [body for info, body in BLOCKS if info == "toml"]
    csvs = {info.removeprefix("csv "): body for info, body in BLOCKS if info.startswith("csv ")}
    for name, body in {"old.toml": tomls[0], "new.toml": tomls[1], **csvs}.items():
        (tmp_path / name).write_text(body, encoding="utf-8")
    return tmp_path


def write(folder: Path, name: str, *lines: str) -> str:
    file = folder / name
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return str(file)


def rules(place: Place) -> str:
    return str(place.config / "rules.toml")


def test_the_example_of_the_document_is_what_the_command_prints(
    place: Place, example: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(example)
    line = next(body for info, body in BLOCKS if info == "sh" and "old.toml" in body).split()

    result = place.run(*line[1:], columns=100)

    printed = "\n".join(one.rstrip() for one in result.stdout.splitlines())
    assert printed.strip() == next(body for info, body in BLOCKS if info == "text").strip()
    assert result.exit_code == 0


def test_the_document_has_alerts_as_they_are_listed_and_each_event_with_its_lead(place: Place, example: Path) -> None:
    options = ["--rules", str(example / "new.toml"), "--against", str(example / "old.toml")]
    options += ["--csv", str(example / "rain.csv"), "--events", str(example / "events.csv")]

    document = place.json("rehearse", *options)

    new, old = document["rules"]
    assert [one["file"] for one in (new, old)] == [options[1], options[3]]
    assert [(one["outcome"], one["lead_min"]) for one in (*new["events"], *old["events"])] == [
        ("hit", pytest.approx(54.83, abs=0.01)),
        ("hit", pytest.approx(44.83, abs=0.01)),
    ]
    assert [one["change"] for one in document["comparison"]] == ["earlier", "new"]
    assert new["false_alerts"] == [2]
    assert {"id", "rule", "scope", "level", "state", "rained_since", "known_at", "evidence", "events"} <= set(
        new["alerts"][0]
    )


def test_a_missed_event_is_exit_status_1(place: Place, tmp_path: Path) -> None:
    csv = write(tmp_path, "rain.csv", HEADER, *STORM)
    events = write(tmp_path, "events.csv", "name,at,scope", f"flood,{text(T0 + 30 * HOUR)},all")

    document = place.json("rehearse", "--rules", rules(place), "--csv", csv, "--events", events, status=1)

    assert [one["outcome"] for one in document["rules"][0]["events"]] == ["miss"]
    assert document["rules"][0]["false_alerts"] == [1]


def test_an_event_where_nothing_was_heard_is_no_data_and_does_not_count(place: Place, tmp_path: Path) -> None:
    csv = write(tmp_path, "rain.csv", HEADER, *STORM)
    heard = STORM[0].split(",")[0]
    unheard = next(one for one in place.configuration().stations if one != heard)
    at = text(T0 + 30 * MINUTE)
    events = write(tmp_path, "events.csv", "name,at,scope", f"flood,{at},{heard}", f"slide,{at},{unheard}")

    options = ("rehearse", "--rules", rules(place), "--csv", csv, "--events", events)
    (file,) = place.json(*options)["rules"]
    shown = place.run(*options)

    assert [(one["name"], one["outcome"]) for one in file["events"]] == [("flood", "hit"), ("slide", "no data")]
    assert {(one["hits"] + one["misses"]) for one in file["levels"]} == {1}
    assert shown.exit_code == 0
    assert "no data" in shown.stdout
    assert "MISSED" not in shown.stdout


def test_a_short_history_is_headed_to_the_second_and_says_what_stood_before_it(place: Place) -> None:
    with place.desk() as desk:
        for number in range(6):
            desk.now = T0 + 5 * number * MINUTE
            desk.take(message([(desk.now, 100 + 8 * number)], seq=number))
            desk.settle()
        place.now = desk.now + 1_000

    shown = place.run("rehearse", "--rules", rules(place), "--since", "2s").stdout

    assert "2026-07-15 18:24:59 until 2026-07-15 18:25:01" in shown
    assert "what was known before 2026-07-15 18:24 stands here where it had not ended by then" in shown


def test_the_journal_is_rehearsed_with_its_own_times(place: Place) -> None:
    with place.desk() as desk:
        for number in range(20):
            desk.now = T0 + (5 * number + 40 * (number > 8)) * MINUTE
            count = 100 + 4 * min(max(number - 3, 0), 8)
            desk.take(message([(T0 + 5 * number * MINUTE, count)], seq=number))
            desk.settle()
        place.now = desk.now + MINUTE
    listed = place.json("alerts", "--all")

    document = place.json("rehearse", "--rules", rules(place), "--since", "12h")

    (alert,) = document["rules"][0]["alerts"]
    (recorded,) = listed
    assert {**alert, "events": 0} == {**recorded, "events": 0}
    of_the_journal = {"id": 0, "around_mm": {}, "configuration": 0}
    assert [{**one, **of_the_journal} for one in alert["events"]] == [
        {**one, **of_the_journal} for one in recorded["events"]
    ]
    assert document["readings"] == 20


def test_rules_that_are_not_in_force_touch_nothing_in_the_journal(place: Place, tmp_path: Path) -> None:
    low = (place.config / "rules.toml").read_text(encoding="utf-8").replace("prepare = 6,", "prepare = 1,")
    with place.desk() as desk:
        desk.take(message([(T0, 100)]), message([(T0 + 5 * MINUTE, 104)], seq=2))
    before = place.journal.read_bytes()

    document = place.json("rehearse", "--rules", write(tmp_path, "low.toml", low), "--since", "12h")

    assert [one["peak"] for one in document["rules"][0]["alerts"]] == ["prepare"]
    assert place.json("alerts", "--all") == []
    assert place.journal.read_bytes() == before


def test_a_scenario_of_the_simulator_is_rehearsed(place: Place) -> None:
    document = place.json("rehearse", "--rules", rules(place), "--scenario", "flash_flood", "--seed", "7")

    assert {one["scope"] for one in document["rules"][0]["alerts"]} >= {"HTB01"}


def test_the_picture_shows_both_files_and_fetches_nothing(place: Place, example: Path) -> None:
    options = ["--rules", str(example / "new.toml"), "--against", str(example / "old.toml")]
    options += ["--csv", str(example / "rain.csv"), "--events", str(example / "events.csv")]

    result = place.run("rehearse", *options, "--plot", str(example / "out.svg"))

    text_of = (example / "out.svg").read_text(encoding="utf-8")
    words = [one.text for one in ElementTree.fromstring(text_of).iter("{http://www.w3.org/2000/svg}text")]  # noqa: S314
    assert result.exit_code == 0
    assert {"old", "new", "prepare 8", "prepare 5", "bridge at 石门 flooded", "HTB01 石门", "false"} <= set(words)
    assert set(re.findall(r"https?://[^\s\"')]+", text_of)) == {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("HTB1,2026-07-15T18:00:00+08:00,1", "line 2: station = 'HTB1': is not in stations.toml; did you mean HTB01?"),
        ("HTB01,yesterday,1", "line 2: observed_at = 'yesterday': must be an instant with its offset"),
        ("HTB01,2026-07-15T18:00:00,1", "line 2: observed_at = '2026-07-15T18:00:00': lacks its offset"),
        ("HTB01,2026-07-15T18:00:00+08:00,-1", "line 2: rain_mm = '-1': must be millimetres of rain, 0 to 5000"),
        ("HTB01,2026-07-15T18:00:00+08:00,wet", "line 2: rain_mm = 'wet': must be millimetres"),
        (
            "HTB01,2026-07-15T18:00:00+08:00,nan",
            "line 2: rain_mm = 'nan': must be millimetres of rain",
        ),
        ("HTB01,2026-07-15T18:00:00+08:00,NaN", "line 2: rain_mm = 'NaN'"),
        ("HTB01,2026-07-15T18:00:00+08:00,1e9", "line 2: rain_mm = '1e9'"),
        ("HTB01,2026-07-15T18:00:00+08:00", "line 2: has 2 cells, must have at least 3"),
        ("", "holds no line of rain"),
    ],
)
def test_a_bad_line_is_refused_with_what_would_be_right(line: str, said: str, place: Place, tmp_path: Path) -> None:
    csv = write(tmp_path, "rain.csv", HEADER, line)

    result = place.run("rehearse", "--rules", rules(place), "--csv", csv)

    assert result.exit_code == 2
    assert f"rain.csv: {said}" in result.stderr.replace("\n", " ")
    assert result.stdout == ""


def test_what_arrived_before_it_was_observed_is_refused(place: Place, tmp_path: Path) -> None:
    line = "HTB01,2026-07-15T18:00:00+08:00,1,2026-07-15T17:00:00+08:00"
    result = place.run(
        "rehearse", "--rules", rules(place), "--csv", write(tmp_path, "r.csv", HEADER + ",received_at", line)
    )

    assert result.exit_code == 2
    assert "r.csv: line 2: received_at = '2026-07-15T17:00:00+08:00': lies before observed_at" in result.stderr


def test_rain_that_a_person_has_called_void_raises_nothing_in_a_rehearsal(place: Place) -> None:
    with place.desk() as desk:
        for number in range(6):
            desk.now = T0 + 5 * number * MINUTE
            desk.take(message([(desk.now, 100 + 6 * number)], seq=number))
            desk.settle()
    place.now = T0 + 30 * MINUTE
    assert [one["state"] for one in place.json("alerts", "--all")] == ["raised"]
    void = ["HTB01", "--since", text(T0), "--until", text(T0 + 25 * MINUTE), "--why", "hail", "--who", "li"]

    assert place.run("correct", "void", *void).exit_code == 0
    document = place.json("rehearse", "--rules", rules(place), "--since", "12h")

    assert document["rules"][0]["alerts"] == []


def test_every_bad_line_is_told_up_to_a_bound(place: Place, tmp_path: Path) -> None:
    csv = write(tmp_path, "rain.csv", HEADER, *["HTB01,never,1"] * 30)

    result = place.run("rehearse", "--rules", rules(place), "--csv", csv)

    assert [line.partition(":")[0] for line in result.stderr.splitlines()] == ["rain.csv"] * 11


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("station,observed_at", "line 1: no column rain_mm"),
        ("station,observed_at,rain_mm,recieved_at", "did you mean received_at?"),
        ("station,observed_at,rain_mm,rain_mm", "line 1: column rain_mm: is there twice"),
    ],
)
def test_a_header_that_may_mean_something_else_is_refused(header: str, said: str, place: Place, tmp_path: Path) -> None:
    csv = write(tmp_path, "rain.csv", header, "HTB01,2026-07-15T18:00:00+08:00,1,2026-07-15T18:00:00+08:00")

    result = place.run("rehearse", "--rules", rules(place), "--csv", csv)

    assert result.exit_code == 2
    assert said in result.stderr


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("flood,2026-07-15T18:00:00+08:00,HTB9", "line 2: scope = 'HTB9': must be all, or a station"),
        ("flood,2026-07-15T18:00:00+08:00,HTB1", "line 2: scope = 'HTB1': did you mean HTB01?"),
        ("flood,soon,all", "line 2: at = 'soon': must be an instant"),
        (",2026-07-15T18:00:00+08:00,all", "line 2: name is empty"),
        ("flood,all", "line 2: has 2 cells"),
    ],
)
def test_a_bad_event_is_refused_with_what_would_be_right(line: str, said: str, place: Place, tmp_path: Path) -> None:
    csv = write(tmp_path, "rain.csv", HEADER, *STORM)
    events = write(tmp_path, "events.csv", "name,at,scope", line)

    result = place.run("rehearse", "--rules", rules(place), "--csv", csv, "--events", events)

    assert result.exit_code == 2
    assert f"events.csv: {said}" in result.stderr


def test_every_mistake_of_a_rule_file_is_named_with_its_file(place: Place, tmp_path: Path) -> None:
    bad = write(tmp_path, "bad.toml", '[rules.a]\nlevels = ["x"]\nstations = ["HTB9"]\nsource = "s"\nquiet = 1')
    csv = write(tmp_path, "rain.csv", HEADER, *STORM)

    result = place.run("rehearse", "--rules", bad, "--csv", csv, columns=300)

    assert result.exit_code == 2
    assert [part in result.stderr for part in ("HTB9", "quiet", "rain_mm", f"{bad}: rules.a")] == [True] * 4


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "name one history"),
        (["--since", "1d", "--csv", "x.csv"], "name one history"),
        (["--csv", "nowhere.csv"], "nowhere.csv: cannot be read"),
        (["--scenario", "flashflood"], "no scenario is called 'flashflood'"),
        (["--since", "soon"], "--since 'soon'"),
        (["--csv", "x.csv", "--plot", "x.png"], "ends in .svg"),
    ],
)
def test_wrong_use_is_refused(options: list[str], said: str, place: Place) -> None:
    result = place.run("rehearse", "--rules", rules(place), *options, columns=300)

    assert result.exit_code == 2
    assert said in result.stderr


def test_without_a_journal_nothing_can_be_rehearsed_from_it(place: Place) -> None:
    assert place.run("rehearse", "--rules", rules(place), "--since", "1d").exit_code == 3


@pytest.mark.parametrize("columns", [80, 100])
def test_a_narrow_terminal_leaves_out_neither_place_nor_time_of_an_alert_and_an_event(
    place: Place, example: Path, columns: int
) -> None:
    options = ["--rules", str(example / "new.toml"), "--csv", str(example / "rain.csv")]
    rain = (example / "rain.csv").read_text(encoding="utf-8").splitlines()
    later = [line.replace("2026-", "2027-") for line in rain[1:]]
    (example / "rain.csv").write_text("\n".join([*rain, *later, ""]), encoding="utf-8")

    shown = place.run("rehearse", *options, "--events", str(example / "events.csv"), columns=columns).stdout

    (row,) = [line for line in shown.splitlines() if "hit" in line and "HTB" in line][:1]
    assert re.search(r"HTB0\d", row)
    assert re.search(r"202\d-\d\d-\d\d \d\d:\d\d", row)
    first = next(line for line in shown.splitlines() if re.match(r" *1 +HTB", line))
    assert len(re.findall(r"202\d-\d\d-\d\d \d\d:\d\d", first)) == 2
