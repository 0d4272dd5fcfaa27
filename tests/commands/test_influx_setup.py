"""influx setup against a real InfluxDB: from an empty server to dashboards and tokens, and again without harm."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gauge_ingest.stores.influx.admin import LISTED_MAX
from gauge_ingest.stores.influx.settings import InfluxSettings
from tests.commands.influx_operator import (
    dashboards,
    files,
    found_buckets,
    held,
    queries,
    query_status,
    signs_in,
    states,
    status,
    tokens,
    told,
)
from tests.commands.place import SHIPPED, Place
from tests.edges.influx_server import TOKEN, InfluxServer, call, empty_influxd, free_port, running_influxd

BUCKETS = {"rain", "rain_hourly", "rain_daily", "rain_alerts", "rain_stations"}
DAY_S = 86_400


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    with running_influxd(tmp_path_factory.mktemp("influx")) as running:
        yield running


@pytest.fixture
def influx(server: InfluxServer, place: Place, tmp_path: Path) -> InfluxServer:
    """A server with nothing of ours in it, and the place told of it and of its operator."""
    for stack in server.call("GET", f"/api/v2/stacks?orgID={server.org_id()}")["stacks"]:
        server.call("POST", f"/api/v2/stacks/{stack['id']}/uninstall?orgID={server.org_id()}")
        server.call("DELETE", f"/api/v2/stacks/{stack['id']}?orgID={server.org_id()}")
    for token in tokens(server):
        server.call("DELETE", f"/api/v2/authorizations/{token['id']}")
    for name in found_buckets(server):
        server.drop_bucket(name)
    told(place, server.url, tmp_path)
    return server


def test_an_empty_server_is_set_up_and_a_second_run_finds_nothing_to_do(place: Place, tmp_path: Path) -> None:
    with empty_influxd(tmp_path) as program:
        operator, password = tmp_path / "operator", tmp_path / "password"
        place.environ = {"GAUGE_INFLUX_URL": program.url, "GAUGE_INFLUX_RETENTION_HOURLY_DAYS": "3653"}
        options = ("--onboard", "--admin-token-file", str(operator), "--admin-password-file", str(password))

        would = place.json("influx", "setup", "--dry-run", *options, *files(tmp_path))
        assert not {one.name for one in tmp_path.iterdir()} & {"operator", "password", "writer", "reader"}
        done = place.run("influx", "setup", *options, *files(tmp_path))
        assert done.exit_code == 0, done.output
        again = place.run("influx", "setup", *options, *files(tmp_path))

        influx = InfluxServer(program.url, operator.read_text("ascii").strip(), "hutubi", program)
        assert states(would) == dict.fromkeys(
            [
                "server",
                *(f"bucket {name}" for name in sorted(BUCKETS)),
                "dashboards",
                "writer's token",
                "reader's token",
            ],
            "create",
        )
        assert again.exit_code == 0
        assert again.stdout.endswith("nothing to do\n")
        assert found_buckets(influx) == {name: 3653 * DAY_S if name == "rain_hourly" else 0 for name in BUCKETS}
        assert len(dashboards(influx)) == 4
        modes = {
            name: (tmp_path / name).stat().st_mode & 0o777 for name in ("operator", "password", "writer", "reader")
        }
        assert set(modes.values()) == {0o600}
        for secret in (influx.token, *held(tmp_path), password.read_text("ascii").strip()):
            assert secret not in done.output + again.output
        assert signs_in(influx, "admin", password.read_text("ascii").strip())
        assert not signs_in(influx, "admin", "wrong-password")


def test_a_server_that_nobody_has_set_up_is_left_alone_unless_asked(place: Place, tmp_path: Path) -> None:
    with empty_influxd(tmp_path) as program:
        told(place, program.url, tmp_path)

        refused = place.run("influx", "setup")

        assert refused.exit_code == 2
        assert "has not been set up yet: run this again with --onboard" in refused.stderr
        assert json.loads(call("GET", f"{program.url}/api/v2/setup"))["allowed"]


def test_a_dry_run_says_what_would_be_done_and_does_nothing(influx: InfluxServer, place: Place, tmp_path: Path) -> None:
    would = place.run("influx", "setup", "--dry-run", *files(tmp_path))

    assert would.exit_code == 0
    assert would.stdout.count("would be made") == 8
    assert would.stdout.endswith("to do: 8\n")
    assert (found_buckets(influx), dashboards(influx), tokens(influx)) == ({}, {}, [])
    assert not (tmp_path / "writer").exists()
    assert not (tmp_path / "writer.new").exists()


def test_each_token_may_do_what_it_is_for_and_nothing_else(influx: InfluxServer, place: Place, tmp_path: Path) -> None:
    assert place.run("influx", "setup", *files(tmp_path)).exit_code == 0
    writer, reader = held(tmp_path)
    with influx.bucket() as other:
        answers = {
            (who, target): (
                status(influx, "POST", f"/api/v2/write?org={influx.org}&bucket={target}", token, b"m f=1"),
                query_status(influx, token, target),
            )
            for who, token in (("writer", writer), ("reader", reader))
            for target in (*BUCKETS, other)
        }

    for bucket in BUCKETS:
        assert (answers["writer", bucket], answers["reader", bucket]) == ((200, 200), (403, 200)), bucket
    for who in ("writer", "reader"):
        wrote, read = answers[who, other]
        assert wrote == 403
        assert read in (403, 404)
    more = {"orgID": influx.org_id(), "permissions": [{"action": "read", "resource": {"type": "buckets"}}]}
    for token in (writer, reader):
        assert status(influx, "POST", "/api/v2/authorizations", token, json.dumps(more).encode()) in (401, 403)
        assert status(influx, "POST", "/api/v2/buckets", token, b'{"name":"x"}') in (400, 401, 403)


def test_a_retention_that_differs_is_said_and_changed_only_when_asked(
    influx: InfluxServer, place: Place, tmp_path: Path
) -> None:
    influx.create_bucket("rain", retention_s=30 * DAY_S)
    place.environ["GAUGE_INFLUX_RETENTION_ALERTS_DAYS"] = "400"

    first = place.json("influx", "setup", *files(tmp_path))
    second = place.run("influx", "setup", *files(tmp_path))

    assert states(first)["bucket rain"] == "differs"
    assert second.exit_code == 0
    assert "keeps 30 days, the configuration says everything for ever" in " ".join(second.stdout.split())
    assert found_buckets(influx)["rain"] == 30 * DAY_S
    assert found_buckets(influx)["rain_alerts"] == 400 * DAY_S

    would = place.json("influx", "setup", "--change-retention", "--dry-run", *files(tmp_path))
    assert (states(would)["bucket rain"], found_buckets(influx)["rain"]) == ("change", 30 * DAY_S)
    assert states(place.json("influx", "setup", "--change-retention", *files(tmp_path)))["bucket rain"] == "change"

    assert found_buckets(influx)["rain"] == 0
    assert place.json("influx", "setup", *files(tmp_path))["changes"] == 0


def test_one_bucket_for_all_is_made_once_and_the_dashboards_read_it(
    influx: InfluxServer, place: Place, tmp_path: Path
) -> None:
    config = place.config / "gauge_ingest.toml"
    text = config.read_text(encoding="utf-8").replace('bucket = "rain"', 'bucket = "all-of-it"')
    others = re.compile('^bucket_(hourly|daily|alerts|stations) = "[^"]+"', re.MULTILINE)
    config.write_text(others.sub(r'bucket_\1 = ""', text), encoding="utf-8")

    assert place.run("influx", "setup", *files(tmp_path)).exit_code == 0

    assert found_buckets(influx) == {"all-of-it": 0}
    cells = [query for name in dashboards(influx) for query in queries(influx, name)]
    assert len(cells) > 20
    assert {'bucket: "all-of-it"' in query for query in cells} == {True}


def test_a_template_changes_its_dashboards_in_place_and_brings_deleted_ones_back(
    influx: InfluxServer, place: Place
) -> None:
    assert place.run("influx", "setup").exit_code == 0
    first = dashboards(influx)
    alerts = next(name for name in first if "alerts" in name)
    template = place.config / "influxdb" / "template.yml"

    influx.call("DELETE", f"/api/v2/dashboards/{first[alerts]}")
    assert states(place.json("influx", "setup", "--dry-run"))["dashboards"] == "create"
    assert alerts not in dashboards(influx)
    assert states(place.json("influx", "setup"))["dashboards"] == "create"
    second = dashboards(influx)
    template.write_text(template.read_text("utf-8").replace("雨情总览 Rain: network", "雨情 renamed"), encoding="utf-8")
    assert states(place.json("influx", "setup"))["dashboards"] == "create"

    assert second.keys() == first.keys()
    assert {name: second[name] for name in second if name != alerts} == {
        name: first[name] for name in first if name != alerts
    }
    assert dashboards(influx)["雨情 renamed"] == first["雨情总览 Rain: network"]
    assert place.json("influx", "setup")["changes"] == 0


def test_a_lost_or_withdrawn_token_is_replaced_and_the_lost_one_works_no_more(
    influx: InfluxServer, place: Place, tmp_path: Path
) -> None:
    assert place.run("influx", "setup", *files(tmp_path)).exit_code == 0
    lost, withdrawn = held(tmp_path)
    (tmp_path / "writer").unlink()
    reader = next(one for one in tokens(influx) if "reader" in one["description"])
    influx.call("PATCH", f"/api/v2/authorizations/{reader['id']}", {"status": "inactive"})

    assert place.json("influx", "setup", *files(tmp_path))["changes"] == 2

    assert {lost, withdrawn}.isdisjoint(held(tmp_path))
    assert status(influx, "GET", "/api/v2/buckets", lost) == 401
    assert len(tokens(influx)) == 2


def test_a_token_of_an_earlier_version_is_replaced_and_works_no_more(
    influx: InfluxServer, place: Place, tmp_path: Path
) -> None:
    """Before, there was one bucket, and the tokens had other descriptions."""
    bucket_id, org_id = influx.create_bucket("rain"), influx.org_id()
    resource = {"type": "buckets", "id": bucket_id, "orgID": org_id}
    permissions = [{"action": action, "resource": resource} for action in ("read", "write")]
    body = {"orgID": org_id, "description": "gauge-ingest: service, rain", "permissions": permissions}
    old = influx.call("POST", "/api/v2/authorizations", body)["token"]
    (tmp_path / "writer").write_text(old, encoding="ascii")

    assert place.run("influx", "setup", *files(tmp_path)).exit_code == 0

    assert status(influx, "GET", "/api/v2/buckets", old) == 401
    assert len(tokens(influx)) == 2


def test_our_buckets_are_found_among_more_than_one_page_of_others(
    influx: InfluxServer, place: Place, tmp_path: Path
) -> None:
    others = [f"aa-{number:03}" for number in range(LISTED_MAX + 5)]
    for name in others:
        influx.create_bucket(name)
    try:
        assert place.run("influx", "setup", *files(tmp_path)).exit_code == 0
        assert place.json("influx", "setup", *files(tmp_path))["changes"] == 0
    finally:
        org = influx.org_id()
        for _ in range(2):
            for bucket in influx.call("GET", f"/api/v2/buckets?orgID={org}&limit=100")["buckets"]:
                if bucket["name"] in others:
                    influx.call("DELETE", f"/api/v2/buckets/{bucket['id']}")


def test_a_token_that_may_do_too_much_or_too_little_is_replaced(
    influx: InfluxServer, place: Place, tmp_path: Path
) -> None:
    assert place.run("influx", "setup", *files(tmp_path)).exit_code == 0
    writer, _ = held(tmp_path)
    (tmp_path / "reader").write_text(writer, encoding="ascii")

    assert states(place.json("influx", "setup", *files(tmp_path)))["reader's token"] == "create"

    influx.drop_bucket("rain_daily")
    after = states(place.json("influx", "setup", *files(tmp_path)))
    assert (after["bucket rain_daily"], after["writer's token"], after["reader's token"]) == ("create",) * 3
    writer, reader = held(tmp_path)
    assert [query_status(influx, token, "rain_daily") for token in (writer, reader)] == [200, 200]
    assert len(tokens(influx)) == 2
    assert place.json("influx", "setup", *files(tmp_path))["changes"] == 0


@pytest.mark.usefixtures("influx")
def test_the_operators_token_is_never_written_over(place: Place, tmp_path: Path) -> None:
    refused = place.run("influx", "setup", "--writer-token-file", str(tmp_path / "operator"))

    assert refused.exit_code == 2
    assert "holds the operator's token" in refused.stderr
    assert (tmp_path / "operator").read_text("ascii").strip() == TOKEN


def test_killed_after_any_part_it_is_finished_by_the_next_run(
    influx: InfluxServer, place: Place, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "gauge_ingest", "influx", "setup", *files(tmp_path), "--config", str(place.config)]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GAUGE_")}
    for lines in range(1, 9):
        process = subprocess.Popen(
            command, env={**plain, **place.environment()}, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
        )
        assert process.stderr is not None
        for _ in range(lines):
            process.stderr.readline()
        process.kill()
        process.wait()
        process.stderr.close()
        if lines % 3 == 0:  # as if nothing had been there for the next ones
            influx.drop_bucket("rain_stations")

    # Killed after the template was taken and before that was written down: it is applied once more to the same stack.
    (stack,) = influx.call("GET", f"/api/v2/stacks?orgID={influx.org_id()}&name=gauge-ingest")["stacks"]
    influx.call("PATCH", f"/api/v2/stacks/{stack['id']}", {"description": ""})
    assert place.run("influx", "setup", *files(tmp_path)).exit_code == 0

    assert place.json("influx", "setup", *files(tmp_path))["changes"] == 0
    assert found_buckets(influx).keys() == BUCKETS
    assert (len(dashboards(influx)), len(tokens(influx))) == (4, 2)
    assert [one for one in tmp_path.iterdir() if one.name.endswith(".new")] == []


def test_a_token_whose_file_was_never_written_does_not_stay_valid(
    influx: InfluxServer, place: Place, tmp_path: Path
) -> None:
    """Killed between the making of a token and its file: the next run knows it by its description."""
    assert place.run("influx", "setup", *files(tmp_path)).exit_code == 0
    orphan = held(tmp_path)[0]
    (tmp_path / "writer").unlink()
    (tmp_path / "writer.new").write_text("half", encoding="ascii")

    assert place.run("influx", "setup", *files(tmp_path)).exit_code == 0

    assert status(influx, "GET", "/api/v2/buckets", orphan) == 401
    assert not (tmp_path / "writer.new").exists()


def test_what_stands_in_the_way_is_said_in_one_sentence(influx: InfluxServer, place: Place, tmp_path: Path) -> None:
    (tmp_path / "wrong").write_text("wrong\n", encoding="ascii")
    (tmp_path / "folder").mkdir()
    (tmp_path / "bad.yml").write_text("a: [\n", encoding="utf-8")
    (tmp_path / "other.yml").write_text("apiVersion: v1\n", encoding="utf-8")
    (tmp_path / "refused.yml").write_text(
        "apiVersion: influxdata.com/v2alpha1\nkind: Dashboard\nmetadata: {name: dash}\nspec: {name: D}\n",
        encoding="utf-8",
    )
    with influx.bucket() as other:
        (tmp_path / "poor").write_text(influx.bucket_token(other, "read"), encoding="ascii")
        cases: list[tuple[str, int, list[str], dict[str, str]]] = [
            ("does not know the operator's token", 2, ["--admin-token-file", str(tmp_path / "wrong")], {}),
            ("no operator's token there", 2, ["--admin-token-file", str(tmp_path / "missing")], {}),
            ("no operator's token there", 2, ["--onboard", "--admin-token-file", str(tmp_path / "missing")], {}),
            ("no organisation 'nobody'", 2, [], {"GAUGE_INFLUX_ORG": "nobody"}),
            ("may not", 2, ["--admin-token-file", str(tmp_path / "poor")], {}),
            ("cannot be reached", 3, [], {"GAUGE_INFLUX_URL": f"http://127.0.0.1:{free_port()}"}),
            ("set url in [influx]", 2, [], {"GAUGE_INFLUX_URL": ""}),
            ("cannot be written", 2, ["--writer-token-file", str(tmp_path / "nowhere" / "writer")], {}),
            ("cannot be read", 2, ["--writer-token-file", str(tmp_path / "folder")], {}),
            ("cannot hold two tokens", 2, ["--reader-token-file", "t", "--writer-token-file", "t"], {}),
            ("not both", 2, [], {"GAUGE_INFLUX_ADMIN_TOKEN": "x"}),
            ("is no YAML", 2, ["--template", str(tmp_path / "bad.yml")], {}),
            ("must begin with apiVersion", 2, ["--template", str(tmp_path / "other.yml")], {}),
            ("cannot be read", 2, ["--template", str(tmp_path / "none.yml")], {}),
            ("take the template", 2, ["--template", str(tmp_path / "refused.yml")], {}),
            ("no organisation", 2, [], {"GAUGE_INFLUX_ORG": "nobody"}),
        ]
        plain = dict(place.environ)
        for words, code, options, environ in cases:
            place.environ = plain | environ
            said = place.run("influx", "setup", *options)
            assert said.exit_code == code, (words, said.output)
            assert words in said.stderr, said.stderr
            assert len([line for line in said.stderr.splitlines() if not line.endswith(": made")]) == 1, said.stderr
            assert influx.token not in said.output
    assert tokens(influx) == []


def test_without_a_token_of_the_operator_it_says_where_one_may_come_from(place: Place) -> None:
    place.environ = {"GAUGE_INFLUX_URL": "http://127.0.0.1:9"}

    refused = place.run("influx", "setup")

    assert refused.exit_code == 2
    for name in ("--admin-token-file", "GAUGE_INFLUX_ADMIN_TOKEN", "GAUGE_INFLUX_ADMIN_TOKEN_FILE"):
        assert name in refused.stderr


def test_it_waits_for_a_server_that_is_still_starting(influx: InfluxServer, place: Place) -> None:
    assert influx.program is not None
    influx.kill()
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GAUGE_")}
    command = [sys.executable, "-m", "gauge_ingest", "influx", "setup", "--wait-s=60", "--config", str(place.config)]
    with socket.create_server(("127.0.0.1", influx.program.port)) as nobody:
        nobody.settimeout(60)
        process = subprocess.Popen(
            command, env={**plain, **place.environment()}, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        nobody.accept()[0].close()
    influx.start()

    out, err = process.communicate(timeout=120)

    assert (process.returncode, "done: 6" in out) == (0, True), err


def test_the_shipped_template_reads_the_buckets_by_their_shipped_names() -> None:
    text = (SHIPPED / "influxdb" / "template.yml").read_text(encoding="utf-8")

    assert {one.name for one in InfluxSettings().buckets.values()} == BUCKETS
    assert all(f'bucket: "{name}"' in text for name in BUCKETS)
