"""A real mosquitto that can be killed, and a small subscriber in the service's place: for tests of live runs."""

from __future__ import annotations

import getpass
import json
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from shutil import which

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

MOSQUITTO = which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
PRESENCE = "rain/v1/service/test-service"


class Mosquitto:
    """A broker on a free loopback port that keeps its sessions on disk."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._config = folder / "mosquitto.conf"
        self._log = folder / "mosquitto.log"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nuser {getpass.getuser()}\n"
            f"persistence true\npersistence_location {folder}/\nautosave_interval 1\nautosave_on_changes true\n",
            encoding="utf-8",
        )
        self.process = self._start()

    def kill_and_restart(self, *, dead_s: float) -> None:
        """Kill the broker without warning; start it again a while later."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        time.sleep(dead_s)
        self.process = self._start()

    def connects(self, client_id: str) -> int:
        """Return how often a client connected, over all lives of the broker."""
        return self._log.read_text(encoding="utf-8").count(f" as {client_id} ")

    def _start(self) -> subprocess.Popen[bytes]:
        assert MOSQUITTO is not None
        with self._log.open("ab") as log:
            process = subprocess.Popen([MOSQUITTO, "-c", str(self._config)], stderr=log)
        until(self._answers, within_s=10.0)
        return process

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


class Subscriber:
    """Stands in for the service: a lasting session, a presence, and every payload that came."""

    def __init__(self, port: int) -> None:
        self.payloads: list[tuple[str, bytes]] = []
        self.subscribed = threading.Event()
        self.client = paho.Client(CallbackAPIVersion.VERSION2, client_id="test-service", protocol=paho.MQTTv5)
        self.client.reconnect_delay_set(1, 1)
        self.client.will_set(PRESENCE, json.dumps({"state": "gone"}), qos=1, retain=True)
        self.client.on_connect = lambda client, *_: client.subscribe("rain/v1/+/up", qos=1)
        self.client.on_subscribe = lambda *_: self.subscribed.set()
        self.client.on_message = lambda _client, _userdata, message: self.payloads.append(
            (message.topic, bytes(message.payload))
        )
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 3600
        self.client.connect("127.0.0.1", port, clean_start=False, properties=properties)
        self.client.loop_start()

    def announce(self, state: str) -> None:
        """Say whether somebody is subscribed."""
        assert self.subscribed.wait(10.0)
        self.client.publish(PRESENCE, json.dumps({"state": state}), qos=1, retain=True)

    def readings(self) -> set[tuple[str, str, int, str]]:
        """Return every reading that arrived."""
        found = set()
        for topic, payload in list(self.payloads):
            for reading in json.loads(payload)["readings"]:
                found.add((topic.split("/")[2], reading["observed_at"], reading["count"], reading["kind"]))
        return found


def until(condition: Callable[[], bool], *, within_s: float) -> None:
    """Wait for a condition, and no longer than that."""
    deadline_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline_s, "waited in vain"
        time.sleep(0.02)
