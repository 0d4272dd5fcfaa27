"""The inlet with a real mosquitto: what is not acknowledged comes again, and no message is acknowledged for another."""

import base64
import hashlib
import json
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from shutil import which

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from gauge_ingest.inlet import BrokerAddress, Happened, Inlet, TakenOver
from gauge_ingest.pump import Delivery
from tests.edges.broker import Broker, running_mosquitto, until

pytestmark = pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")

TOPIC = "rain/v1/HTB01/up"
ROOT = Path(__file__).parents[2]
WITHIN_S = 15.0
PROTOCOLS = pytest.mark.parametrize("mqtt5", [True, False], ids=["mqtt5", "mqtt311"])


def address(port: int, *, client_id: str = "gauge-ingest", mqtt5: bool = True, **changes: object) -> BrokerAddress:
    return BrokerAddress("127.0.0.1", port, client_id, "rain/v1/+/up", mqtt5=mqtt5, **changes)  # type: ignore[arg-type]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with running_mosquitto(tmp_path / "broker") as running:
        yield running


@contextmanager
def open_inlet(where: BrokerAddress) -> Iterator[Inlet]:
    """An inlet that is connected when the block begins."""
    with closing(Inlet(where)) as inlet:
        drive(inlet, lambda: inlet.connected)
        yield inlet


def drive(inlet: Inlet, so: Callable[[], object], *, acknowledge: bool = True) -> list[Delivery]:
    """Take, and acknowledge, until a condition holds."""
    taken: list[Delivery] = []
    deadline = time.monotonic() + WITHIN_S
    while not so():
        assert time.monotonic() < deadline, f"not within {WITHIN_S} s; {inlet.detail}; taken {taken[:20]}"
        batch = inlet.take(0.02)
        if acknowledge and batch:
            inlet.acknowledge(batch)
        taken += batch
    return taken


def take_until(inlet: Inlet, last: bytes, *, acknowledge: bool = True) -> list[bytes]:
    """Payloads up to and including the one that is waited for."""
    seen: list[bytes] = []
    deadline = time.monotonic() + WITHIN_S
    while last not in seen:
        assert time.monotonic() < deadline, f"{last!r} did not come within {WITHIN_S} s; {inlet.detail}; {seen[:20]}"
        batch = inlet.take(0.02)
        if acknowledge and batch:
            inlet.acknowledge(batch)
        seen += [delivery.payload for delivery in batch]
    return seen


def reconnect(inlet: Inlet) -> list[bytes]:
    """Lose the connection and have it again; what came meanwhile, acknowledged."""
    inlet.drop("a test")
    return [delivery.payload for delivery in drive(inlet, lambda: inlet.connected)]


def until_acknowledged(broker: Broker, inlet: Inlet, number: int) -> None:
    """The broker has read so many acknowledgements: a socket closed at once may take them along."""
    said = "Received PUBACK from gauge-ingest"
    drive(inlet, lambda: inlet.connected and broker.log.read_text("utf-8").count(said) >= number)


def send(broker: Broker, *payloads: bytes, topic: str = TOPIC, **tls: object) -> None:
    """Publish with QoS 1; returns when the broker has acknowledged everything."""
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="station")
    if tls:
        client.tls_set(**tls)  # type: ignore[arg-type]
    client.max_inflight_messages_set(1_000)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    sent = [client.publish(topic, payload, qos=1) for payload in payloads]
    for one in sent:
        one.wait_for_publish(WITHIN_S)
        assert one.is_published()
    client.disconnect()
    client.loop_stop()


class Listener:
    """Someone who reads what the service says of itself."""

    def __init__(self, broker: Broker, topic: str) -> None:
        self.states: list[str] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id="listener")
        self._client.on_message = lambda _client, _userdata, message: self.states.append(
            json.loads(message.payload)["state"]
        )
        self._client.on_connect = lambda client, *_: client.subscribe(topic, qos=1)
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@PROTOCOLS
def test_rain_that_is_not_acknowledged_comes_again_after_a_lost_connection(broker: Broker, mqtt5: bool) -> None:  # noqa: FBT001
    with open_inlet(address(broker.port, mqtt5=mqtt5)) as inlet:
        send(broker, b"1", b"2", b"3")
        first = take_until(inlet, b"3", acknowledge=False)
        inlet.drop("a test")
        again = take_until(inlet, b"3")
        until_acknowledged(broker, inlet, 3)
        nothing = reconnect(inlet)
        send(broker, b"4")
        fourth = take_until(inlet, b"4")

        assert (first, again, nothing, fourth) == ([b"1", b"2", b"3"], [b"1", b"2", b"3"], [], [b"4"])
        assert inlet.happened() == [
            Happened.CONNECTED_AFRESH,
            Happened.LOST,
            Happened.CONNECTED,
            Happened.LOST,
            Happened.CONNECTED,
        ]


def test_an_acknowledgement_after_the_broker_died_is_for_nothing_and_the_rain_comes_again(
    broker: Broker,
) -> None:
    with open_inlet(address(broker.port)) as inlet:
        send(broker, b"rain-1", b"rain-2")
        broker.save()
        batch: list[Delivery] = []
        while len(batch) < 2:
            batch += inlet.take(0.05)

        broker.kill()
        inlet.acknowledge(batch)
        broker.start()
        again = take_until(inlet, b"rain-2")

        assert again == [b"rain-1", b"rain-2"]


@pytest.mark.parametrize("seed", range(4))
def test_no_acknowledgement_outlives_its_connection(broker: Broker, seed: int) -> None:
    """Goal: a late PUBACK must not swallow another message. Method: the link is lost at random between take and
    acknowledge while rain is waiting; message ids begin anew, so every acknowledgement would fit a wrong message."""
    draw = random.Random(seed)
    expected = [b"%d" % number for number in range(120)]
    kept: set[bytes] = set()
    with open_inlet(address(broker.port, receive_maximum=7)) as inlet:
        send(broker, *expected)
        deadline = time.monotonic() + WITHIN_S
        while len(kept) < len(expected):
            assert time.monotonic() < deadline, f"seed {seed}: {sorted(set(expected) - kept)[:9]} never came"
            batch = inlet.take(0.05)
            if not batch:
                continue
            fate = draw.random()
            if fate < 0.08:
                inlet.drop("a test: the commit failed")
                continue
            kept.update(delivery.payload for delivery in batch)
            if fate < 0.16:
                inlet.drop("a test: the link was lost after the commit")
            inlet.acknowledge(batch)

        assert kept == set(expected)
        assert set(reconnect(inlet)) <= kept


def test_rain_that_arrives_before_our_subscription_is_answered_is_acknowledged(broker: Broker) -> None:
    waiting = [b"%d" % number for number in range(30)]
    where = address(broker.port)
    with open_inlet(where):
        pass
    send(broker, *waiting)

    with closing(Inlet(where)) as inlet:
        early: list[bytes] = []
        while not early:
            batch = inlet.take(0.02)
            inlet.acknowledge(batch)
            early = [delivery.payload for delivery in batch]
        early += [] if waiting[-1] in early else take_until(inlet, waiting[-1])
        until_acknowledged(broker, inlet, 30)
        again = reconnect(inlet)
        happened = inlet.happened()

    assert early == waiting
    assert again == []
    assert happened[0] is Happened.CONNECTED


@PROTOCOLS
def test_a_broker_that_has_forgotten_our_session_is_told_from_one_that_kept_it(tmp_path: Path, mqtt5: bool) -> None:  # noqa: FBT001
    with (
        running_mosquitto(tmp_path / "broker", persistence=False) as broker,
        open_inlet(address(broker.port, mqtt5=mqtt5)) as inlet,
    ):
        inlet.happened()
        reconnect(inlet)
        kept = inlet.happened()
        broker.stop()
        drive(inlet, lambda: not inlet.connected)
        broker.start()
        drive(inlet, lambda: inlet.connected)
        forgotten = inlet.happened()

    assert kept == [Happened.LOST, Happened.CONNECTED]
    assert forgotten == [Happened.LOST, Happened.CONNECTED_AFRESH]


def test_a_second_service_with_our_client_id_ends_us_by_name_and_the_rain_waits(broker: Broker) -> None:
    """Brokers that do not say why they close (mosquitto before 2.0.15, MQTT 3.1.1) leave a duel: see the skip."""
    if broker.version < (2, 0, 15):
        pytest.skip(f"mosquitto {broker.version} does not say 'session taken over' (its issue #2607)")
    where = address(broker.port, client_id="the-one")
    with open_inlet(where) as first:
        send(broker, b"1")
        take_until(first, b"1", acknowledge=False)
        with open_inlet(where) as second:
            with pytest.raises(TakenOver, match="'the-one'"):
                drive(first, lambda: False)

            assert take_until(second, b"1") == [b"1"]


def test_a_broker_that_is_down_at_start_is_found_when_it_comes_up(tmp_path: Path) -> None:
    with running_mosquitto(tmp_path / "broker") as broker:
        broker.stop()
        with closing(Inlet(address(broker.port))) as inlet:
            drive(inlet, lambda: "refused" in inlet.detail)
            broker.start()
            drive(inlet, lambda: inlet.connected)
            send(broker, b"1")

            assert take_until(inlet, b"1") == [b"1"]


def password_line(name: str, password: str) -> str:
    """A line of mosquitto's password file (PBKDF2-SHA512, as mosquitto_passwd of 2.0 writes it)."""
    salt = b"0123456789ab"
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101)
    return f"{name}:$7$101${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}\n"


@PROTOCOLS
def test_a_wrong_password_is_said_and_tried_again_until_it_is_right(tmp_path: Path, mqtt5: bool) -> None:  # noqa: FBT001
    passwords = tmp_path / "passwords"
    passwords.write_text(password_line("gauge", "another"))
    extra = f"allow_anonymous false\npassword_file {passwords}"
    with running_mosquitto(tmp_path / "broker", extra=extra) as broker:
        where = address(broker.port, mqtt5=mqtt5, username="gauge", password="right")  # noqa: S106  of this test alone
        with closing(Inlet(where)) as inlet:
            drive(inlet, lambda: broker.log.read_text().count("New connection") >= 3)
            said = inlet.detail
            broker.stop()
            passwords.write_text(password_line("gauge", "right"))
            broker.start()
            drive(inlet, lambda: inlet.connected)

    assert "refuses us" in said
    assert "gauge-ingest" in said
    assert "right" not in said


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed authority and a key for 127.0.0.1, and another authority nobody signed with."""
    assert which("openssl"), "NO OPENSSL: apt-get install openssl"
    folder = tmp_path_factory.mktemp("certificates")
    for name in ("broker", "stranger"):
        subprocess.run(
            f"openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={name}"
            f" -addext subjectAltName=IP:127.0.0.1 -keyout {folder}/{name}.key -out {folder}/{name}.crt".split(),
            check=True,
            capture_output=True,
        )
    return folder


def tls(folder: Path) -> str:
    return f"cafile {folder}/broker.crt\ncertfile {folder}/broker.crt\nkeyfile {folder}/broker.key"


def test_rain_comes_over_tls_also_more_than_one_read_holds(tmp_path: Path, certificates: Path) -> None:
    ca = f"{certificates}/broker.crt"
    payloads = [b"%d:" % number + b"r" * 3_000 for number in range(400)]
    with running_mosquitto(tmp_path / "broker", extra=tls(certificates)) as broker:
        where = address(broker.port, tls=True, tls_ca=ca)
        with open_inlet(where):
            pass
        send(broker, *payloads, ca_certs=ca)

        with closing(Inlet(where)) as inlet:
            assert take_until(inlet, payloads[-1]) == payloads


def test_a_broker_whose_certificate_we_do_not_trust_gets_nothing_and_is_named(
    tmp_path: Path, certificates: Path
) -> None:
    with running_mosquitto(tmp_path / "broker", extra=tls(certificates)) as broker:
        where = address(broker.port, tls=True, tls_ca=f"{certificates}/stranger.crt")
        with closing(Inlet(where)) as inlet:
            drive(inlet, lambda: "certificate verify failed" in inlet.detail)

            assert not inlet.connected
            assert f"127.0.0.1:{broker.port}" in inlet.detail


SERVICE = """
import sys
from gauge_ingest.inlet import BrokerAddress, Inlet
inlet = Inlet(BrokerAddress("127.0.0.1", int(sys.argv[1]), "gauge-ingest", "rain/v1/+/up"))
while True:
    inlet.take(0.05)
"""


def test_the_broker_says_that_we_are_gone_when_we_are_killed(broker: Broker) -> None:
    process = subprocess.Popen([sys.executable, "-c", SERVICE, str(broker.port)], cwd=ROOT)
    with closing(Listener(broker, "rain/v1/service/gauge-ingest")) as listener:
        until(lambda: listener.states == ["online"], what="the service says that it is online")
        process.kill()
        process.wait(WITHIN_S)
        until(lambda: listener.states == ["online", "gone"], what="its last will is said")


def test_closing_says_goodbye_at_once_and_leaves_the_session_for_the_rain(broker: Broker) -> None:
    where = address(broker.port)
    with closing(Listener(broker, "rain/v1/service/gauge-ingest")) as listener:
        with open_inlet(where) as inlet:
            drive(inlet, lambda: listener.states == ["online"])
            send(broker, b"1")
            take_until(inlet, b"1")
        until(lambda: listener.states == ["online", "gone"])
    send(broker, b"2")

    with closing(Inlet(where)) as inlet:
        assert take_until(inlet, b"2") == [b"2"]
        assert inlet.happened() == [Happened.CONNECTED]


def test_an_acknowledgement_given_before_closing_reaches_the_broker(broker: Broker) -> None:
    where = address(broker.port)
    with open_inlet(where) as inlet:
        send(broker, *[b"%d" % number for number in range(50)])
        take_until(inlet, b"49")

    with open_inlet(where) as inlet:
        send(broker, b"after")
        assert take_until(inlet, b"after") == [b"after"]


@PROTOCOLS
def test_two_services_with_one_id_find_out_that_they_contest_it(*, mqtt5: bool, broker: Broker) -> None:
    where = address(broker.port, mqtt5=mqtt5)
    with closing(Inlet(where)) as first, closing(Inlet(where)) as second:
        happened: list[Happened] = []
        deadline = time.monotonic() + WITHIN_S

        try:
            while Happened.CONTESTED not in happened:
                assert time.monotonic() < deadline, happened
                for inlet in (first, second):
                    inlet.take(0.01)
                    happened += inlet.happened()
        except TakenOver:
            return  # a broker that says so at once
