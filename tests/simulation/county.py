"""A county for the proof that people are told: its configuration, a mail server and a web hook that fail, a storm."""

import asyncio
import email
import email.policy
import random
import shutil
import socket
import threading
import time
from email.message import EmailMessage
from pathlib import Path
from typing import Any, NamedTuple

import paho.mqtt.client as mqtt
from aiosmtpd.controller import Controller
from paho.mqtt.enums import CallbackAPIVersion

from gauge_ingest.clock import clock_from
from tests.simulation.service import ROOT
from tests.worlds import message

STATIONS = tuple(f"HTB{number:02d}" for number in range(1, 13))
SECRET = "0123456789abcdef0123456789abcdef"  # noqa: S105 - of nobody
REPORT_EVERY_S = 0.4
TIPS_MAX = 8  # of one report
PEOPLE = """
[channels.mail]
kind = "apprise"
url = "mailto://127.0.0.1:{post}?from=rain@example.org&to={{to}}"
timeout_s = 0.7
retry_max_s = 1
dead_after_s = 2
group_s = {group_s}
[channels.hook]
kind = "webhook"
url = "http://127.0.0.1:{hook}/hook"
timeout_s = 0.7
retry_max_s = 1
dead_after_s = 2
group_s = 0
[people.liu]
name = "刘伟"
language = "en"
reach = [["mail", "liu@example.org"], ["hook", "liu"]]
[people.wang]
name = "王芳"
reach = [["hook", "wang"], ["mail", "wang@example.org"]]
quiet = "18:10-18:35"
[people.chen]
name = "陈主任"
reach = [["hook", "chen"], ["mail", "chen@example.org"]]
[chains.default]
steps = [{{ after = "0m", tell = ["duty"] }}, {{ after = "4m", tell = ["duty", "chen"] }}]
[[duty.weekly]]
days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
hours = "08:00-08:00"
people = ["liu", "wang"]
"""
RULES = """
[rules.flash]
levels = ["prepare", "immediate"]
stations = ["HTB01", "HTB02", "HTB03", "HTB06", "HTB07", "HTB08"]
source = "of this test"
quiet_s = 120
[rules.flash.rain_mm]
"5m" = { prepare = 6, immediate = 12 }
"10m" = { prepare = 10, immediate = 18 }
[rules.colour]
levels = ["blue", "yellow", "orange"]
stations = ["HTB04", "HTB05", "HTB09", "HTB10", "HTB11", "HTB12"]
source = "of this test"
quiet_s = 120
[rules.colour.rain_mm]
"5m" = { blue = 1, yellow = 2.5, orange = 5 }
[rules.valley]
levels = ["yellow", "orange"]
basins = ["north"]
source = "of this test"
quiet_s = 120
[rules.valley.rain_mm]
"10m" = { yellow = 5, orange = 10 }
"""
STATION = """
[stations.{id}]
name = "{id}"
latitude = 43.9
longitude = 86.6
elevation_m = 900
bucket_depth_mm = 0.5
"""
BASIN = '\n[basins.north]\nname = "北坡"\nstations = ["HTB01", "HTB02", "HTB04"]\n'
# Each headline says which event it is of, and whether the alert stands otherwise since.
RAIN = "{{ rain_mm }} {{ duration }} {{ threshold_mm }} {{ highest_rain_mm }} {{ who }} {{ merged_into }}"
MARK = "<{{ alert }}.{{ event }}.{{ now_level }}{{ ended }}>"
HEADLINES = {
    "headline": f"{{{{ kind }}}} {{{{ level }}}} {{{{ place }}}} {RAIN} {MARK}",
    "service_headline": f"{{{{ kind }}}} {{{{ level }}}} {{{{ place }}}} {{{{ finding }}}} {{{{ who }}}} {MARK}",
}


def configured(folder: Path, *, post: int, hook: int, group_s: int = 1) -> Path:
    """The folder of a configuration with three people."""
    config = folder / "config"
    shutil.copytree(ROOT / "config", config)
    (config / "people.toml").write_text(PEOPLE.format(post=post, hook=hook, group_s=group_s), encoding="utf-8")
    (config / "rules.toml").write_text(RULES, encoding="utf-8")
    stations = config / "stations.toml"
    more = "".join(STATION.format(id=name) for name in STATIONS[5:])
    stations.write_text(stations.read_text(encoding="utf-8") + more + BASIN, encoding="utf-8")
    for language in ("zh", "en"):
        own = config / "messages" / language
        own.mkdir(parents=True)
        for name, words in HEADLINES.items():
            (own / f"{name}.txt.j2").write_text(words, encoding="utf-8")
    return config


class Mail(NamedTuple):
    """A mail that the server took. `confirmed`: it said so."""

    at: float
    to: str
    text: str
    confirmed: bool


class Post:
    """A mail server: answers each transaction with the next of `plan`, then takes it. It can be away as a whole."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []
        self.plan: list[str] = []
        self.asked = 0
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port = listener.getsockname()[1]
        self.controller: Controller | None = None
        self.start()

    def start(self) -> None:
        """Listen."""
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()

    def stop(self) -> None:
        """Be away."""
        if self.controller is not None:
            self.controller.stop()
            self.controller = None

    async def handle_MAIL(  # noqa: N802 - aiosmtpd calls it so
        self, _server: Any, session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        self.asked += 1
        session.does = self.plan.pop(0) if self.plan else "take"
        if session.does == "421":
            return "421 too busy"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd calls it so
        self, server: Any, session: Any, envelope: Any, address: str, _options: Any
    ) -> str:
        if session.does == "hang":
            await asyncio.sleep(1.5)
        elif session.does == "drop":
            server.transport.abort()
        elif session.does in ("450", "550"):
            return f"{session.does} not now"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd calls it so
        if session.does in ("452", "554"):
            return f"{session.does} no room"
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        body = mail.get_body(("plain",))
        assert body is not None
        confirmed = session.does == "take"
        self.mails.append(Mail(time.monotonic(), envelope.rcpt_tos[0], body.get_content(), confirmed))
        if session.does == "take and drop":
            server.transport.abort()
        elif session.does == "take and hang":
            await asyncio.sleep(1.5)
        return "250 OK"


class Storm:
    """Stations that report their counts on the service's clock: fronts pass, then it is dry."""

    def __init__(self, port: int, clock: str, draw: random.Random) -> None:
        self._now = clock_from({"GAUGE_CLOCK": clock}).now
        self._draw = draw
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.max_queued_messages_set(0)
        self._client.reconnect_delay_set(1, 1)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._counts = dict.fromkeys(STATIONS, 0)
        self._seq = 0
        self._ending = threading.Event()
        self.rains = True
        self._thread = threading.Thread(target=self._report, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """No more reports."""
        self._ending.set()
        self._thread.join(5)
        self._client.disconnect()
        self._client.loop_stop()

    def _report(self) -> None:
        force = dict.fromkeys(STATIONS, 0.0)
        while not self._ending.wait(REPORT_EVERY_S):
            self._seq += 1
            for name in STATIONS:
                if self._draw.random() < 0.25:
                    force[name] = self._draw.choice([0.0, 0.0, 0.0, 1.0, TIPS_MAX / 2, TIPS_MAX])
                self._counts[name] += round(force[name] * self._draw.random()) if self.rains else 0
                one = message([(self._now() // 1000 * 1000, self._counts[name])], seq=self._seq, station_id=name)
                self._client.publish(one.topic, one.payload, qos=1)
