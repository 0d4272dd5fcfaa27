"""The shipped broker configuration in a real mosquitto, with passwords and permissions made by the shipped script."""

from __future__ import annotations

import getpass
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import which

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from gauge_ingest.configuration import load
from tests.edges.influx_server import free_port

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config"
SCRIPT = CONFIG / "compose" / "secrets.sh"
SBIN = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
MOSQUITTO = which("mosquitto", path=SBIN)
WAIT_S = 20.0


def make_secrets(folder: Path, *, stations: Path = CONFIG / "stations.toml", readers: str = "duty") -> str:
    """Run the script as the container does, with ourselves as every owner; return what it said."""
    owner = f"{os.getuid()}:{os.getgid()}"
    owners = dict.fromkeys(("BROKER_OWNER", "SERVICE_OWNER", "INFLUXDB_OWNER"), owner)
    files = {"SECRETS": str(folder), "STATIONS": str(stations), "ACL": str(CONFIG / "mosquitto" / "acl")}
    ran = subprocess.run(
        ["sh", str(SCRIPT)],
        env={"PATH": SBIN, "READERS": readers, **files, **owners},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    if ran.returncode:
        raise AssertionError(ran.stderr)
    return ran.stdout


class ShippedBroker:
    """mosquitto with config/mosquitto/mosquitto.conf: only paths, ports and the user it runs as are changed."""

    def __init__(self, folder: Path, *, more: str = "", **changes: str) -> None:
        assert MOSQUITTO is not None
        self.secrets = folder / "secrets"
        make_secrets(self.secrets)
        (folder / "data").mkdir()
        self.port, self.inner_port = free_port(), free_port()
        self._config, self.log = folder / "mosquitto.conf", folder / "mosquitto.log"
        self._config.write_text(self._rewritten(folder, changes) + more, encoding="utf-8")
        self.start()

    def _rewritten(self, folder: Path, changes: dict[str, str]) -> str:
        text = (CONFIG / "mosquitto" / "mosquitto.conf").read_text(encoding="utf-8")
        replacements = {
            "/mosquitto/secrets/": f"{self.secrets}/broker/",
            "/mosquitto/data/": f"{folder}/data/",
            "listener 1883\n": f"listener {self.port} 127.0.0.1\n",
            "listener 1884\n": f"listener {self.inner_port} 127.0.0.1\n",
            **changes,
        }
        for old, new in replacements.items():
            assert old in text, f"the shipped file no longer has {old!r}"
            text = text.replace(old, new)
        return f"{text}user {getpass.getuser()}\n"

    def start(self) -> None:
        """Start it and return when it listens."""
        assert MOSQUITTO is not None
        with self.log.open("ab") as log:
            self.process = subprocess.Popen([MOSQUITTO, "-c", str(self._config)], stdout=log, stderr=log)
        until(self._answers, why=lambda: self.log.read_text(encoding="utf-8"))

    def kill(self) -> None:
        """End it with -9."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def reload(self) -> None:
        """Let it read its passwords and permissions again."""
        self.process.send_signal(signal.SIGHUP)

    def password(self, user: str) -> str:
        """What the script made for a user."""
        files = {"gauge-ingest": "service/mqtt-password", "duty": "people/mqtt-duty"}
        return (self.secrets / files.get(user, f"stations/{user}")).read_text(encoding="ascii").strip()

    def _answers(self) -> bool:
        for port in (self.port, self.inner_port):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) != 0:
                    return False
        return True


class Client:
    """An MQTT 5 client with a lasting session; it collects what it gets."""

    def __init__(
        self, port: int, user: str | None, password: str | None, *, client_id: str, tls_ca: str | None = None
    ) -> None:
        self.got: list[tuple[str, bytes]] = []
        self.answer: ReasonCode | None = None
        self.lost = threading.Event()
        self._subscribed = threading.Event()
        self._acknowledged: dict[int, ReasonCode] = {}
        self.paho = paho.Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=paho.MQTTv5, reconnect_on_failure=False
        )
        if user is not None:
            self.paho.username_pw_set(user, password)
        if tls_ca is not None:
            self.paho.tls_set(tls_ca)
        self.paho.max_queued_messages_set(0)
        self.paho.on_connect = self._on_connect
        self.paho.on_disconnect = lambda *_: self.lost.set()
        self.paho.on_subscribe = lambda *_: self._subscribed.set()
        self.paho.on_publish = self._on_publish
        self.paho.on_message = lambda _client, _, message: self.got.append((message.topic, bytes(message.payload)))
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 0xFFFFFFFF
        self.paho.connect("127.0.0.1", port, clean_start=False, properties=properties)
        self.paho.loop_start()
        until(lambda: self.answer is not None)

    @property
    def payloads(self) -> list[bytes]:
        """The payloads, in the order in which they came."""
        return [payload for _, payload in self.got]

    def subscribe(self, *topics: str) -> None:
        """Subscribe, and return when the broker has answered."""
        self._subscribed.clear()
        self.paho.subscribe([(topic, SubscribeOptions(qos=1)) for topic in topics])
        assert self._subscribed.wait(WAIT_S)

    def publish(self, topic: str, *payloads: bytes) -> list[ReasonCode]:
        """Publish at QoS 1; return the broker's answers."""
        sent = [self.paho.publish(topic, payload, qos=1) for payload in payloads]
        until(lambda: all(message.mid in self._acknowledged for message in sent))
        return [self._acknowledged.pop(message.mid) for message in sent]

    def leave(self) -> None:
        """Say goodbye; the session stays."""
        self.paho.disconnect()
        self.paho.loop_stop()

    def _on_connect(self, _client: paho.Client, _: object, _flags: object, reason: ReasonCode, _p: object) -> None:
        self.answer = reason

    def _on_publish(self, _client: paho.Client, _: object, mid: int, reason: ReasonCode, _p: object) -> None:
        self._acknowledged[mid] = reason


def until(condition: Callable[[], bool], *, why: Callable[[], str] = lambda: "waited in vain") -> None:
    """Return when it holds; AssertionError when it does not in time."""
    deadline_s = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline_s, why()
        time.sleep(0.01)


def numbered(count: int, *, since: int = 0) -> list[bytes]:
    """Payloads that can be told apart."""
    return [b"%06d" % number for number in range(since, since + count)]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[ShippedBroker]:
    shipped = ShippedBroker(tmp_path)
    yield shipped
    shipped.kill()


@pytest.fixture
def enter(broker: ShippedBroker) -> Iterator[Callable[..., Client]]:
    """Connect as a user: the service by its own listener, everyone else by the published one."""
    entered: list[Client] = []

    def connect(user: str, *, client_id: str = "") -> Client:
        port = broker.inner_port if user == "gauge-ingest" else broker.port
        client = Client(port, user, broker.password(user), client_id=client_id or user)
        assert client.answer == 0
        entered.append(client)
        return client

    yield connect
    for client in entered:
        client.leave()


def test_nobody_gets_in_without_a_password_or_with_a_wrong_one(broker: ShippedBroker) -> None:
    for port in (broker.port, broker.inner_port):
        for user, password in ((None, None), ("HTB01", "wrong"), ("HTB01", None), ("HTB01", broker.password("HTB02"))):
            client = Client(port, user, password, client_id="x")

            assert str(client.answer) == "Not authorized"
            client.leave()


def test_a_station_reports_under_its_own_name_alone(enter: Callable[..., Client]) -> None:
    service = enter("gauge-ingest")
    service.subscribe("rain/v1/+/up")

    answers = [
        # mosquitto 2.0.11 ends the connection of a client that it refuses a message: one connection for each.
        *enter("HTB01").publish("rain/v1/HTB02/up", b"forged"),
        *enter("HTB01").publish("rain/v1/alerts/all", b"forged"),
        *enter("HTB01").publish("rain/v1/service/gauge-ingest", b"forged"),
        *enter("HTB01").publish("rain/v1/HTB01/up", b"rain"),
    ]

    assert [str(answer) for answer in answers] == ["Not authorized"] * 3 + ["Success"]
    until(lambda: bool(service.got))
    assert service.got == [("rain/v1/HTB01/up", b"rain")]


def test_a_station_sees_the_presence_of_the_service_and_nothing_else(enter: Callable[..., Client]) -> None:
    service, other, station = enter("gauge-ingest"), enter("HTB02"), enter("HTB01")
    station.subscribe("#", "$SYS/#")

    other.publish("rain/v1/HTB02/up", b"rain elsewhere")
    service.publish("rain/v1/alerts/HTB01", b"an alert")
    service.publish("rain/v1/service/gauge-ingest", b"online")

    until(lambda: bool(station.got))
    assert station.got == [("rain/v1/service/gauge-ingest", b"online")]


def test_the_service_cannot_pose_as_a_station(enter: Callable[..., Client]) -> None:
    service = enter("gauge-ingest")

    assert [str(reason) for reason in service.publish("rain/v1/HTB01/up", b"forged")] == ["Not authorized"]


def test_a_reader_hears_alerts_and_cannot_raise_one(enter: Callable[..., Client]) -> None:
    service = enter("gauge-ingest")

    refused = enter("duty").publish("rain/v1/alerts/all", b"forged")
    duty = enter("duty")
    duty.subscribe("rain/v1/#")
    service.publish("rain/v1/alerts/all", b"an alert")

    assert [str(reason) for reason in refused] == ["Not authorized"]
    until(lambda: bool(duty.got))
    assert duty.got == [("rain/v1/alerts/all", b"an alert")]


def test_a_message_too_long_to_be_kept_whole_still_reaches_the_service(enter: Callable[..., Client]) -> None:
    service = enter("gauge-ingest")
    service.subscribe("rain/v1/+/up")

    enter("HTB01").publish("rain/v1/HTB01/up", bytes(300 * 1024))

    until(lambda: bool(service.got))
    assert [len(payload) for payload in service.payloads] == [300 * 1024]


def test_a_station_that_claims_the_client_id_of_the_service_does_not_disturb_its_session(
    broker: ShippedBroker, enter: Callable[..., Client]
) -> None:
    """Goal: a stolen station password cannot empty the queue. Method: take the service's client id, start clean."""
    service = enter("gauge-ingest")
    service.subscribe("rain/v1/+/up")

    thief = paho.Client(CallbackAPIVersion.VERSION2, client_id="gauge-ingest", protocol=paho.MQTTv5)
    thief.username_pw_set("HTB02", broker.password("HTB02"))
    thief.connect("127.0.0.1", broker.port, clean_start=True)
    thief.loop_start()
    until(thief.is_connected)
    enter("HTB01").publish("rain/v1/HTB01/up", b"rain")

    until(lambda: bool(service.got))
    assert not service.lost.is_set()
    assert service.payloads == [b"rain"]
    thief.disconnect()
    thief.loop_stop()


def test_what_waits_for_the_service_survives_a_sudden_death_of_the_broker(
    broker: ShippedBroker, enter: Callable[..., Client]
) -> None:
    """Goal: acknowledged to a station means kept. Method: kill -9 right after the last of 200 acknowledgements."""
    away = enter("gauge-ingest")
    away.subscribe("rain/v1/+/up")
    away.leave()
    answers = enter("HTB01").publish("rain/v1/HTB01/up", *numbered(200))

    broker.kill()
    broker.start()

    back = enter("gauge-ingest")
    until(lambda: len(back.got) >= 200)
    assert {reason.is_failure for reason in answers} == {False}
    assert back.payloads == numbered(200)


def test_far_more_than_a_thousand_messages_wait_for_the_service(
    broker: ShippedBroker, enter: Callable[..., Client]
) -> None:
    """Goal: not mosquitto's own limit of 1000. Method: 2500 from two stations, the broker ended in between."""
    away = enter("gauge-ingest")
    away.subscribe("rain/v1/+/up")
    away.leave()
    enter("HTB01").publish("rain/v1/HTB01/up", *numbered(1250))
    broker.kill()
    broker.start()
    enter("HTB02").publish("rain/v1/HTB02/up", *numbered(1250, since=1250))

    back = enter("gauge-ingest")

    until(lambda: len(back.got) >= 2500)
    assert back.payloads == numbered(2500)


def test_the_queue_ends_at_its_bytes(tmp_path: Path) -> None:
    """Goal: the cap is one. Method: a cap of 5,000 bytes, messages of 100."""
    broker = ShippedBroker(tmp_path, **{"max_queued_bytes 67108864": "max_queued_bytes 5000"})
    try:
        away = Client(broker.inner_port, "gauge-ingest", broker.password("gauge-ingest"), client_id="gauge-ingest")
        away.subscribe("rain/v1/+/up")
        away.leave()
        station = Client(broker.port, "HTB01", broker.password("HTB01"), client_id="HTB01")
        station.publish("rain/v1/HTB01/up", *[bytes(100)] * 200)
        back = Client(broker.inner_port, "gauge-ingest", broker.password("gauge-ingest"), client_id="gauge-ingest")
        back.subscribe("rain/v1/+/up")
        station.publish("rain/v1/HTB01/up", b"last")

        until(lambda: b"last" in back.payloads)
        kept = sum(payload == bytes(100) for payload in back.payloads)
        assert 45 <= kept <= 55
        station.leave()
        back.leave()
    finally:
        broker.kill()


def test_the_service_may_read_how_much_the_broker_dropped(enter: Callable[..., Client]) -> None:
    service = enter("gauge-ingest")

    service.subscribe("$SYS/broker/publish/messages/dropped", "$SYS/broker/uptime")

    until(lambda: len(service.got) >= 2)
    assert ("$SYS/broker/publish/messages/dropped", b"0") in service.got


def test_the_health_check_signs_in_without_a_password_on_its_command_line(broker: ShippedBroker) -> None:
    command = ["mosquitto_sub", "-h", "127.0.0.1", "-p", str(broker.port), "-t", "$SYS/broker/uptime", "-C", "1"]
    environment = {"PATH": SBIN, "XDG_CONFIG_HOME": str(broker.secrets / "broker" / "health")}

    well = subprocess.run([*command, "-W", "5"], env=environment, capture_output=True, check=False, timeout=30)
    broker.kill()
    ill = subprocess.run([*command, "-W", "5"], env=environment, capture_output=True, check=False, timeout=30)

    assert (well.returncode, well.stdout.endswith(b"seconds\n")) == (0, True)
    assert ill.returncode != 0


def test_tls_works_with_the_lines_of_the_documentation(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    lines = next(block for block in re.findall(r"```text\n(.*?)```", text, re.DOTALL) if "listener 8883" in block)
    key, certificate = tmp_path / "privkey.pem", tmp_path / "fullchain.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    )
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run([*command.split(), *files], check=True, capture_output=True, timeout=60)
    port = free_port()
    lines = lines.replace("/mosquitto/tls", str(tmp_path)).replace("listener 8883", f"listener {port} 127.0.0.1")
    broker = ShippedBroker(tmp_path, more=lines)
    try:
        station = Client(port, "HTB01", broker.password("HTB01"), client_id="HTB01", tls_ca=str(certificate))
        assert [str(reason) for reason in station.publish("rain/v1/HTB01/up", b"rain")] == ["No matching subscribers"]
        station.leave()
    finally:
        broker.kill()


def test_a_new_station_gets_in_after_a_reload_and_the_old_passwords_stay(broker: ShippedBroker, tmp_path: Path) -> None:
    stations = tmp_path / "stations.toml"
    shipped = (CONFIG / "stations.toml").read_text(encoding="utf-8")
    stations.write_text(f"{shipped}\n[stations.HTB06]  # a new one\nname = 'x'\n", encoding="utf-8")
    before = broker.password("HTB01")
    early = Client(broker.port, "HTB06", "x", client_id="HTB06")
    early.leave()

    said = make_secrets(broker.secrets, stations=stations)
    broker.reload()

    assert "made stations/HTB06" in said
    assert said.count("made ") == 1
    assert broker.password("HTB01") == before
    for user in ("HTB06", "HTB01"):
        client = Client(broker.port, user, broker.password(user), client_id=user)
        assert client.answer == 0
        client.leave()


def test_a_station_taken_out_gets_in_no_more(broker: ShippedBroker, tmp_path: Path) -> None:
    stations = tmp_path / "stations.toml"
    stations.write_text("[stations.HTB02]\n", encoding="utf-8")

    make_secrets(broker.secrets, stations=stations)
    broker.reload()

    answers = {}
    for user in ("HTB01", "HTB02"):
        client = Client(broker.port, user, broker.password(user), client_id=user)
        answers[user] = str(client.answer)
        client.leave()
    assert answers == {"HTB01": "Not authorized", "HTB02": "Success"}


def test_every_station_of_the_configuration_gets_a_password(tmp_path: Path) -> None:
    make_secrets(tmp_path / "secrets")

    made = {path.name for path in (tmp_path / "secrets" / "stations").iterdir()}

    assert made == set(load(CONFIG, {}).stations)


def test_station_tables_are_found_however_they_are_spaced_and_dated_changes_are_none(tmp_path: Path) -> None:
    stations = tmp_path / "stations.toml"
    text = (
        '[stations.A1]\r\n[ stations . B_2 ] # b\n  [stations."C-3"]\n[[stations.A1.deployments]]\n# [stations.X]\n'
        "[stations.A1.more]\n"
    )
    stations.write_bytes(text.encode())

    make_secrets(tmp_path / "secrets", stations=stations, readers="")

    assert {path.name for path in (tmp_path / "secrets" / "stations").iterdir()} == {"A1", "B_2", "C-3"}
    assert list((tmp_path / "secrets" / "people").iterdir()) == []


@pytest.mark.parametrize(
    ("text", "readers", "words"),
    [
        ("", "", "no line such as"),
        ("[stations.service]\n", "", "service cannot name"),
        ("[stations.alerts]\n", "", "alerts cannot name"),
        ("[stations.gauge-ingest]\n", "", "gauge-ingest cannot name"),
        ("[stations.HTB01]\n", "health", "health cannot name"),
        ("[stations.HTB01]\n", "HTB01", "both a station and a reader"),
        ("[stations.HTB01]\n", "a/b", "only A-Z"),
    ],
)
def test_names_that_would_lend_somebody_elses_rights_are_refused(
    tmp_path: Path, text: str, readers: str, words: str
) -> None:
    stations = tmp_path / "stations.toml"
    stations.write_text(text, encoding="utf-8")

    with pytest.raises(AssertionError, match=words):
        make_secrets(tmp_path / "secrets", stations=stations, readers=readers)

    assert not (tmp_path / "secrets" / "broker" / "passwords").exists()


def test_no_password_stands_in_clear_where_the_broker_looks_and_no_file_is_open_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    make_secrets(folder)

    passwords = (folder / "broker" / "passwords").read_text(encoding="ascii")
    files = [path for path in folder.rglob("*") if path.is_file()]
    clear = {path.read_text(encoding="ascii").strip() for path in files if path.parent.name in ("stations", "service")}

    assert {path.stat().st_mode & 0o007 for path in folder.rglob("*")} == {0}
    assert len(clear) == 7
    assert all(len(word) == 48 and word not in passwords for word in clear)
    assert not [path for path in files if path.suffix == ".new"]
