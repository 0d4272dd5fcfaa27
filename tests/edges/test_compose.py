"""docker-compose.yml, the image's recipe, and what Compose runs once, against a real InfluxDB.

No container is started here: what needs one is said in docs/deployment.md.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from shutil import which
from typing import Any

import pytest
import yaml
from pydantic import SecretStr

from gauge_ingest.configuration import load
from gauge_ingest.stores import StoreUnavailable
from gauge_ingest.stores.influx import InfluxHistory, InfluxStore
from gauge_ingest.stores.influx.settings import InfluxSettings
from tests.edges.influx_server import AT, InfluxServer, row, running_influxd, station

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docker-compose.yml"
COMPOSE: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONE_SHOT = {"secrets", "influxdb-init"}
LASTING = set(SERVICES) - ONE_SHOT
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
PINNED = re.compile(r"([a-z-]+/)?[a-z-]+:v?\d+\.\d+(\.\d+)?(-slim)?")


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
    assert set(SERVICES) == {
        "secrets",
        "mosquitto",
        "influxdb",
        "influxdb-init",
        "gauge-ingest",
        "metrics",
        "grafana",
        "simulator",
    }
    assert not [name for name, service in SERVICES.items() if "profiles" in service]


def test_only_the_broker_is_reached_from_other_machines() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert published == {
        "mosquitto": ["1883:1883"],
        "influxdb": ["127.0.0.1:8086:8086"],
        "grafana": ["127.0.0.1:3000:3000"],
    }
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
        "secrets-grafana": {**makers, "grafana": "ro"},
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
    init_of, scraped = (
        SERVICES["influxdb-init"]["environment"],
        yaml.safe_load((ROOT / "config/metrics/scrape.yml").read_text("utf-8")),
    )
    sources = yaml.safe_load((ROOT / "config/grafana/provisioning/datasources/rain.yml").read_text("utf-8"))[
        "datasources"
    ]
    listeners = re.findall(
        r"^listener (\d+)", (ROOT / "config/mosquitto/mosquitto.conf").read_text(encoding="utf-8"), re.M
    )

    for name in ("GAUGE_INFLUX_URL", "GAUGE_INFLUX_ORG", "GAUGE_INFLUX_BUCKET", "GAUGE_CONFIG"):
        assert init_of[name] == service[name]
    assert [source["url"] for source in sources] == [service["GAUGE_INFLUX_URL"], "http://metrics:8428"]
    assert sources[0]["jsonData"]["organization"] == service["GAUGE_INFLUX_ORG"]
    assert sources[0]["jsonData"]["defaultBucket"] == service["GAUGE_INFLUX_BUCKET"]
    assert "-httpListenAddr=:8428" in SERVICES["metrics"]["command"]
    targets = scraped["scrape_configs"][0]["static_configs"][0]["targets"]
    assert targets == [f"gauge-ingest:{service['GAUGE_DESK_PORT']}"]
    assert service["GAUGE_DESK_HOST"] == "0.0.0.0"  # noqa: S104  within the network of Compose, published nowhere
    assert server["DOCKER_INFLUXDB_INIT_ORG"] == service["GAUGE_INFLUX_ORG"]
    assert server["DOCKER_INFLUXDB_INIT_BUCKET"] == service["GAUGE_INFLUX_BUCKET"]
    assert listeners == ["1883", service["GAUGE_MQTT_PORT"]]


def test_those_that_speak_with_each_other_share_a_network() -> None:
    shared = {name: set(service.get("networks", ())) for name, service in SERVICES.items()}

    for one, other in (("grafana", "influxdb"), ("grafana", "metrics"), ("metrics", "gauge-ingest")):
        assert shared[one] & shared[other], (one, other)
    assert not shared["grafana"] & shared["mosquitto"]


def test_new_volumes_are_given_to_the_user_that_writes_them() -> None:
    script = (ROOT / "config/compose/secrets.sh").read_text(encoding="utf-8")

    for name in ("grafana", "metrics"):
        assert mounts("secrets")[name] == (f"/volumes/{name}", "rw")
        assert SERVICES[name]["user"] == "10001:10001"
    assert 'for name in grafana metrics; do\n    [ ! -d "$VOLUMES/$name" ] || chown "$SERVICE_OWNER"' in script


def test_grafana_finds_what_it_is_given() -> None:
    environ, there = SERVICES["grafana"]["environment"], mounts("grafana")
    provider = yaml.safe_load((ROOT / "config/grafana/provisioning/dashboards/rain.yml").read_text("utf-8"))
    source = yaml.safe_load((ROOT / "config/grafana/provisioning/datasources/rain.yml").read_text("utf-8"))

    folder = provider["providers"][0]["options"]["path"]
    assert there["./config/grafana/dashboards"] == (folder, "ro")
    assert there["./config/grafana/provisioning"] == ("/etc/grafana/provisioning", "ro")
    home = environ["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"].replace(folder, str(ROOT / "config/grafana/dashboards"))
    assert Path(home).is_file()
    assert source["datasources"][0]["secureJsonData"] == {"token": "$__file{/secrets/influx-read-token}"}
    assert there["secrets-grafana"] == ("/secrets", "ro")
    assert "--reader-token-file=/secrets/grafana/influx-read-token" in SERVICES["influxdb-init"]["command"]
    assert mounts("influxdb-init")["secrets-grafana"] == ("/secrets/grafana", "rw")
    script = (ROOT / "config/compose/secrets.sh").read_text(encoding="utf-8")
    assert "secret grafana/admin-password" in script
    files = [value for name, value in environ.items() if name.endswith("__FILE")]
    assert files == ["/secrets/admin-password"]


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
        "metrics": {"secrets": done},
        "grafana": {"influxdb-init": done},
        "simulator": {"mosquitto": well, "gauge-ingest": "service_started"},
    }
    for name in ("mosquitto", "influxdb", "gauge-ingest", "metrics", "grafana"):
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
    """As the image sets it up: the bucket of the readings is there, the others are not."""
    with running_influxd(tmp_path_factory.mktemp("influx")) as running:
        yield running


def init(influx: InfluxServer, folder: Path) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
    """Run `influxdb-init` as Compose does, with its folders below another; what it leaves in each file."""
    for name in ("service", "people", "grafana", "influxdb"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "influxdb" / "admin-token").write_text(f"{influx.token}\n", encoding="ascii")
    service = SERVICES["influxdb-init"]
    places = {"/secrets": str(folder), "/etc/gauge-ingest": str(ROOT / "config"), "http://influxdb:8086": influx.url}

    def here(text: str) -> str:
        for there, place in places.items():
            text = text.replace(there, place)
        return text

    command = [sys.executable, "-m", "gauge_ingest", *map(here, service["command"][1:])]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GAUGE_")}
    environ |= {name: here(value) for name, value in service["environment"].items()}
    ran = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=120)
    made = {path.parent.name: path.read_text("ascii").strip() for path in folder.glob("*/influx-*token")}
    return ran, made


def test_what_compose_runs_once_makes_all_that_the_others_need(influx: InfluxServer, tmp_path: Path) -> None:
    assert SERVICES["influxdb-init"]["command"][0] == "gauge-ingest"

    ran, made = init(influx, tmp_path)
    again, kept = init(influx, tmp_path)

    assert ran.returncode == 0, ran.stderr
    assert made.keys() == {"service", "people", "grafana"}
    assert (again.returncode, kept) == (0, made)
    assert again.stdout.endswith("nothing to do\n")
    assert not [token for token in (influx.token, *made.values()) if token in ran.stdout + ran.stderr]
    settings = InfluxSettings(url=influx.url, org=influx.org, token=SecretStr(made["service"]), timeout_s=20.0)
    store = InfluxStore(settings, {"HTB01": station()})
    store.prepare()
    store.write([row()], [])
    store.close()
    assert InfluxHistory(settings).rows("HTB01", since=AT - 1, until=AT) == [(AT - 300_000, AT, 3, 3, 3, 1, 1)]
    reads = settings.model_copy(update={"token": SecretStr(made["grafana"])})
    assert InfluxHistory(reads).rows("HTB01", since=AT - 1, until=AT) == [(AT - 300_000, AT, 3, 3, 3, 1, 1)]
    with pytest.raises(StoreUnavailable, match="may not use"):
        InfluxStore(reads, {}).prepare()


def test_broken_rules_do_not_keep_the_token_from_being_made(influx: InfluxServer, tmp_path: Path) -> None:
    """The service has an accepted configuration to go on with; it must not wait for a token in vain."""
    broken = tmp_path / "config"
    shutil.copytree(ROOT / "config", broken)
    (broken / "rules.toml").write_text("[rules", encoding="utf-8")
    (tmp_path / "operator").write_text(influx.token, encoding="ascii")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GAUGE_")}
    environ |= {"GAUGE_INFLUX_URL": influx.url, "GAUGE_INFLUX_ADMIN_TOKEN_FILE": str(tmp_path / "operator")}
    command = [sys.executable, "-m", "gauge_ingest", "influx", "setup", "--config", str(broken)]

    ran = subprocess.run(
        [*command, f"--writer-token-file={tmp_path / 'writer'}"],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert ran.returncode == 0, ran.stderr
    assert (tmp_path / "writer").read_text("ascii").strip()
