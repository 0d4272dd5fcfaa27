"""docker-compose.yml, the image's recipe, and the making of InfluxDB's tokens against a real InfluxDB.

No container is started here: what needs one is said in docs/deployment.md.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from shutil import which
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from gauge_ingest.configuration import load
from gauge_ingest.stores.influx import InfluxHistory, InfluxStore
from tests.edges.influx_server import AT, InfluxServer, call, free_port, real_influxdb, row, settings_for, station

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONE_SHOT = {"secrets", "influxdb-init"}
LASTING = set(SERVICES) - ONE_SHOT
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
PINNED = re.compile(r"[a-z-]+:\d+\.\d+(\.\d+)?(-slim)?")


def mounts(service: str) -> dict[str, tuple[str, str]]:
    """For each volume or folder: where it is mounted, and `ro` or `rw`."""
    found = {}
    for text in SERVICES[service]["volumes"]:
        source, target, *mode = text.split(":")
        found[source] = (target, mode[0] if mode else "rw")
    return found


@pytest.mark.skipif(which("docker-compose") is None, reason="NO DOCKER-COMPOSE: apt-get install docker-compose")
def test_docker_compose_takes_the_file() -> None:
    ran = subprocess.run(
        ["docker-compose", "-f", str(FILE), "config", "-q"], capture_output=True, text=True, check=False, timeout=60
    )

    assert (ran.returncode, ran.stderr) == (0, "")


def test_everything_asked_for_is_there_and_starts_without_a_profile() -> None:
    assert set(SERVICES) == {"secrets", "mosquitto", "influxdb", "influxdb-init", "gauge-ingest", "simulator"}
    assert not [name for name, service in SERVICES.items() if "profiles" in service]


def test_only_the_broker_is_reached_from_other_machines() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert published == {"mosquitto": ["1883:1883"], "influxdb": ["127.0.0.1:8086:8086"]}
    assert "host" not in {service.get("network_mode") for service in SERVICES.values()}


def test_every_image_is_pinned() -> None:
    images = [service["image"] for service in SERVICES.values() if "image" in service]
    images += re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)

    assert all("image" in service or service["build"] == "." for service in SERVICES.values())
    assert [image for image in images if not PINNED.fullmatch(image)] == []


def test_no_secret_stands_in_the_file() -> None:
    for name, service in SERVICES.items():
        for variable, value in service.get("environment", {}).items():
            if re.search("PASSWORD|TOKEN|SECRET", variable):
                assert variable.endswith("_FILE"), f"{name}: {variable}"
                assert value.startswith("/secrets/"), f"{name}: {variable}"
    assert not re.findall(r"[A-Za-z0-9+=]{32,}", FILE.read_text(encoding="utf-8"))


def test_each_secret_is_seen_by_those_that_need_it_alone() -> None:
    makers = {"secrets": "rw", "influxdb-init": "rw"}
    seen = {
        volume: {name: mounts(name)[volume][1] for name in SERVICES if volume in mounts(name)}
        for volume in COMPOSE["volumes"]
        if volume.startswith("secrets-")
    }

    assert seen == {
        "secrets-broker": {"secrets": "rw", "mosquitto": "ro"},
        "secrets-stations": {"secrets": "rw", "simulator": "ro"},
        "secrets-service": {**makers, "gauge-ingest": "ro"},
        "secrets-influxdb": {"secrets": "rw", "influxdb": "ro", "influxdb-init": "ro"},
        "secrets-people": makers,
    }


def test_the_service_starts_with_its_environment(tmp_path: Path) -> None:
    environment = dict(SERVICES["gauge-ingest"]["environment"])
    for name in ("mqtt-password", "influx-token"):
        (tmp_path / name).write_text(f"{name}\n", encoding="ascii")
    files = {name: value for name, value in environment.items() if name.endswith("_FILE")}
    environment |= {name: value.replace("/secrets", str(tmp_path)) for name, value in files.items()}

    settings = load(ROOT / "config", environment).settings

    assert files == {"GAUGE_MQTT_PASSWORD_FILE": "/secrets/mqtt-password", "GAUGE_INFLUX_TOKEN_FILE": "/secrets/influx-token"}  # noqa: E501  # fmt: skip
    assert (settings.mqtt.host, settings.mqtt.port, settings.mqtt.username) == ("mosquitto", 1884, "gauge-ingest")
    assert settings.mqtt.password.get_secret_value() == "mqtt-password"
    assert settings.influx.token.get_secret_value() == "influx-token"
    assert settings.journal.path.startswith(mounts("gauge-ingest")["journal"][0] + "/")
    assert mounts("gauge-ingest")["./config"] == (environment["GAUGE_CONFIG"], "ro")


def test_all_speak_of_the_same_organisation_bucket_and_listener() -> None:
    server, service = SERVICES["influxdb"]["environment"], SERVICES["gauge-ingest"]["environment"]
    command = SERVICES["influxdb-init"]["command"]
    listeners = re.findall(
        r"^listener (\d+)", (ROOT / "config/mosquitto/mosquitto.conf").read_text(encoding="utf-8"), re.M
    )

    assert {"--org=" + service["GAUGE_INFLUX_ORG"], "--bucket=" + service["GAUGE_INFLUX_BUCKET"]} < set(command)
    assert "--url=" + service["GAUGE_INFLUX_URL"] in command
    assert server["DOCKER_INFLUXDB_INIT_ORG"] == service["GAUGE_INFLUX_ORG"]
    assert server["DOCKER_INFLUXDB_INIT_BUCKET"] == service["GAUGE_INFLUX_BUCKET"]
    assert listeners == ["1883", service["GAUGE_MQTT_PORT"]]


def test_each_starts_after_what_it_needs() -> None:
    order = {
        name: {other: condition["condition"] for other, condition in service.get("depends_on", {}).items()}
        for name, service in SERVICES.items()
    }

    done, well = "service_completed_successfully", "service_healthy"
    assert order == {
        "secrets": {},
        "mosquitto": {"secrets": done},
        "influxdb": {"secrets": done},
        "influxdb-init": {"influxdb": well},
        "gauge-ingest": {"mosquitto": well, "influxdb-init": done},
        "simulator": {"mosquitto": well, "gauge-ingest": "service_started"},
    }
    for name in ("mosquitto", "influxdb", "gauge-ingest"):
        assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


def test_what_ends_stays_ended_and_what_lasts_comes_back() -> None:
    assert {name: SERVICES[name]["restart"] for name in SERVICES} == {
        **dict.fromkeys(ONE_SHOT, "no"),
        **dict.fromkeys(LASTING, "unless-stopped"),
    }


def test_each_is_confined() -> None:
    for name, service in SERVICES.items():
        assert service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}, name
        assert service["mem_limit"], name
        assert not service.get("privileged"), name
    roots = {name for name in SERVICES if "image" in SERVICES[name] and SERVICES[name]["user"] == "0:0"}
    writable = {name for name in SERVICES if not SERVICES[name].get("read_only")}
    assert (roots, writable) == ({"secrets"}, {"influxdb"})  # the image of InfluxDB writes to its own file system


def test_the_image_is_built_from_what_is_there_and_runs_without_root() -> None:
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    sources = [
        word.removesuffix("/")
        for words in re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE, re.MULTILINE)
        for word in words.split()
    ]
    script = (ROOT / "config/compose/secrets.sh").read_text(encoding="utf-8")

    assert "*" in ignored
    assert [source for source in sources if not (ROOT / source).exists() or f"!{source}" not in ignored] == []
    assert {"gauge_ingest", "simulator", "config", "requirements.lock"} < set(sources)
    assert "--require-hashes -r requirements.lock" in DOCKERFILE
    assert "pip install --no-deps ." in DOCKERFILE
    assert "USER 10001:10001" in DOCKERFILE
    assert "SERVICE_OWNER:-10001:10001" in script
    assert 'HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["gauge-ingest", "health"]' in (
        DOCKERFILE
    )


@pytest.fixture(scope="module")
def influx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InfluxServer]:
    with real_influxdb(tmp_path_factory.mktemp("influx")) as server:
        yield server


@pytest.fixture
def bucket(influx: InfluxServer) -> Iterator[str]:
    with influx.bucket() as name:
        yield name
        for made in tokens_of(influx, name):
            influx.call("DELETE", f"/api/v2/authorizations/{made['id']}")


def tokens_of(influx: InfluxServer, bucket: str) -> list[dict[str, Any]]:
    """What InfluxDB knows of the tokens made for a bucket."""
    found = influx.call("GET", f"/api/v2/authorizations?orgID={influx.org_id()}")["authorizations"]
    return [made for made in found if bucket in made.get("description", "")]


def make_tokens(folder: Path, **options: str) -> subprocess.CompletedProcess[str]:
    """Run the script as the container does."""
    files = {"service-token-file": str(folder / "service"), "read-token-file": str(folder / "read")}
    given = {**files, **{name.replace("_", "-"): value for name, value in options.items()}}
    command = [sys.executable, str(ROOT / "config/influxdb/tokens.py"), *(f"--{name}={value}" for name, value in given.items())]  # noqa: E501  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def made_for(influx: InfluxServer, bucket: str, folder: Path) -> tuple[str, str]:
    """Run the script; return the service's token and the people's."""
    operator = folder / "operator"
    operator.write_text(f"{influx.token}\n", encoding="ascii")
    ran = make_tokens(folder, url=influx.url, org=influx.org, bucket=bucket, operator_token_file=str(operator))
    assert (ran.returncode, ran.stderr) == (0, "")
    assert influx.token not in ran.stdout
    return (folder / "service").read_text(encoding="ascii").strip(), (folder / "read").read_text(encoding="ascii").strip()  # noqa: E501  # fmt: skip


def status(influx: InfluxServer, method: str, path: str, token: str, body: bytes | None = None) -> int:
    """What InfluxDB answers to a request with a token."""
    try:
        call(method, influx.url + path, token=token, body=body)
    except urllib.error.HTTPError as error:
        return error.code
    return 200


def test_the_token_of_the_service_copies_rain_and_reads_history(
    influx: InfluxServer, bucket: str, tmp_path: Path
) -> None:
    service, _ = made_for(influx, bucket, tmp_path)
    settings = settings_for(influx.url, org=influx.org, bucket=bucket, token=SecretStr(service), timeout_s=20.0)

    store = InfluxStore(settings, {"HTB01": station()})
    store.prepare()
    store.write([row()], [])
    store.close()

    assert InfluxHistory(settings).rows("HTB01", since=AT - 1, until=AT) == [(AT - 300_000, AT, 3, 3, 3, 1, 1)]


def test_neither_token_goes_beyond_its_bucket_and_the_peoples_only_reads(
    influx: InfluxServer, bucket: str, tmp_path: Path
) -> None:
    with influx.bucket() as other:
        service, read = made_for(influx, bucket, tmp_path)
        answers = {
            (name, target): status(influx, "POST", f"/api/v2/write?org={influx.org}&bucket={target}", token, b"m f=1")
            for name, token in (("service", service), ("read", read))
            for target in (bucket, other)
        }
        seen = [influx_sees(influx, token) for token in (service, read)]

    assert answers.pop(("service", bucket)) == 200
    assert set(answers.values()) == {403}
    assert seen == [{bucket}, {bucket}]
    more = {"orgID": influx.org_id(), "permissions": [{"action": "read", "resource": {"type": "buckets"}}]}
    for token in (service, read):
        assert status(influx, "POST", "/api/v2/authorizations", token, json.dumps(more).encode()) in (401, 403)


def influx_sees(influx: InfluxServer, token: str) -> set[str]:
    """The buckets that a token shows."""
    found = json.loads(call("GET", f"{influx.url}/api/v2/buckets?limit=100", token=token))["buckets"]
    return {bucket["name"] for bucket in found}


def test_the_files_are_for_their_owner_alone_and_a_second_start_changes_nothing(
    influx: InfluxServer, bucket: str, tmp_path: Path
) -> None:
    first = made_for(influx, bucket, tmp_path)

    second = made_for(influx, bucket, tmp_path)

    assert first == second
    assert len(tokens_of(influx, bucket)) == 2
    assert [(tmp_path / name).stat().st_mode & 0o777 for name in ("service", "read")] == [0o400, 0o400]


def test_a_lost_or_withdrawn_token_is_replaced_and_the_lost_one_works_no_more(
    influx: InfluxServer, bucket: str, tmp_path: Path
) -> None:
    lost, kept = made_for(influx, bucket, tmp_path)
    (tmp_path / "service").unlink()
    for made in tokens_of(influx, bucket):
        if made["description"].endswith("read only"):
            influx.call("PATCH", f"/api/v2/authorizations/{made['id']}", {"status": "inactive"})

    new = made_for(influx, bucket, tmp_path)

    assert {lost, kept}.isdisjoint(new)
    assert status(influx, "GET", "/api/v2/buckets", lost) == 401
    assert len(tokens_of(influx, bucket)) == 2


def test_a_token_for_people_that_may_write_is_replaced(influx: InfluxServer, bucket: str, tmp_path: Path) -> None:
    service, _ = made_for(influx, bucket, tmp_path)
    (tmp_path / "read").unlink()
    (tmp_path / "read").write_text(service, encoding="ascii")

    again, read = made_for(influx, bucket, tmp_path)

    assert again == service != read


def test_what_stands_in_the_way_is_said_in_one_line(influx: InfluxServer, tmp_path: Path) -> None:
    wrong, operator = tmp_path / "wrong", tmp_path / "operator"
    wrong.write_text("wrong\n", encoding="ascii")
    operator.write_text(influx.token, encoding="ascii")
    plain = {
        "url": influx.url,
        "org": influx.org,
        "bucket": "rain",
        "operator_token_file": str(operator),
        "wait_s": "0",
    }

    said = {
        name: make_tokens(tmp_path, **{**plain, **change})
        for name, change in {
            "does not know the operator's token": {"operator_token_file": str(wrong)},
            "no token there": {"operator_token_file": str(tmp_path / "missing")},
            "no bucket nowhere in an organisation": {"bucket": "nowhere"},
            "in an organisation nobody": {"org": "nobody"},
            "does not serve": {"url": f"http://127.0.0.1:{free_port()}"},
            "must begin with": {"url": "file:///etc/passwd"},
        }.items()
    }

    for words, ran in said.items():
        assert (ran.returncode, ran.stdout, ran.stderr.count("\n")) == (1, "", 1), ran.stderr
        assert words in ran.stderr
    assert not (tmp_path / "service").exists()
