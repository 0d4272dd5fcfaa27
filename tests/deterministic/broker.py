"""A virtual MQTT broker: one session, a socketpair to the real client, and the faults that real brokers and links have.

It keeps what it has acknowledged to stations until the service acknowledges it, on the connection that delivered it:
in order, again with DUP after a connection is lost. It runs only when `turn` is called.
"""

import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from simulator.dice import Dice
from tests.deterministic import packets
from tests.deterministic.clock import VirtualClock
from tests.deterministic.fate import Story, Violation

READ_BYTES = 65_536
TURNS_PER_SAVE = 40
PACKET_IDS = 65_535


@dataclass(slots=True, eq=False)
class Kept:
    """A message that a station, or a stranger, has been told is safe."""

    number: int
    topic: str
    payload: bytes
    ready_at: int  # not delivered before
    pubacked: bool = False
    forgotten: bool = False  # by the broker's own fault


class Weather(NamedTuple):
    """What connections of a world are like. Shares are of connections, or of messages."""

    cut_share: float = 0.0
    cut_bytes_max: int = 20_000
    late_share: float = 0.0
    late_ms_max: int = 120_000
    per_turn_max: int = 1_000
    read_bytes_max: int = READ_BYTES
    window: int = 1_000


CALM = Weather()


@dataclass(slots=True)
class _Session:
    subscribed: str = ""
    waiting: deque[Kept] = field(default_factory=deque)
    flying: dict[int, Kept] = field(default_factory=dict)
    newest_id: int = 0
    expires: bool = False

    def copy(self) -> "_Session":
        return _Session(self.subscribed, deque(self.waiting), dict(self.flying), self.newest_id, self.expires)


@dataclass(slots=True)
class _Link:
    sock: socket.socket
    asked: packets.Connect | None = None
    came: bytearray = field(default_factory=bytearray)
    leaving: bytearray = field(default_factory=bytearray)
    sent: set[int] = field(default_factory=set)
    down_left: int = 1 << 60
    up_left: int = 1 << 60


class Broker:
    """Stations call `receive`, the client's socket comes from `connect`, PUBACKs are told to `on_puback`."""

    def __init__(self, clock: VirtualClock, dice: Dice, story: Story, on_puback: Callable[[Kept], None]) -> None:
        self.weather = CALM
        self.up = True
        self.retained: dict[str, bytes] = {}
        self.kept: list[Kept] = []
        self._clock = clock
        self._dice = dice
        self._story = story
        self._on_puback = on_puback
        self._session: _Session | None = None
        self._saved: _Session | None = None
        self._awaits_session = True  # nobody has subscribed since the beginning, or since everything was forgotten
        self._links: list[_Link] = []
        self._turns = 0

    # --- stations ----------------------------------------------------------------------------------------------

    def receive(self, topic: str, payload: bytes) -> bool:
        """A message comes in; whether it is acknowledged."""
        if not self.up:
            return False
        late = self.weather.late_share and self._dice.chance(self.weather.late_share)
        ready_at = self._clock.at + (self._dice.whole(1, self.weather.late_ms_max) if late else 0)
        message = Kept(len(self.kept), topic, payload, ready_at)
        self.kept.append(message)
        if self._session is None:
            message.forgotten = self._awaits_session
            self._story.count("message that no session waited for")
        else:
            self._session.waiting.append(message)
        return True

    # --- faults ------------------------------------------------------------------------------------------------

    def stop(self) -> None:
        """The broker is gone, its connections with it."""
        self.up = False
        for link in list(self._links):
            self._read(link)
            self._lose(link)

    def close(self) -> None:
        """Let go of sockets."""
        for link in self._links:
            link.sock.close()

    def start(self, how: str) -> None:
        """It is back: with everything it `keeps`, having `forgotten` everything, or as it was when it last `saved`."""
        self.up = True
        session, before = self._session, self._waiting()
        if how == "forgets":
            self._session, self.retained = None, {}
            self._awaits_session = True
        elif how == "falls back" and session is not None and self._saved is not None:
            self._session = self._saved.copy()
        after = {message.number for message in self._waiting()}
        lost = [message for message in before if message.number not in after]
        for message in lost:
            message.forgotten = True
        again = len(after) - len(before) + len(lost)
        self._story.tell(f"broker {how}: {len(lost)} forgotten, {again} come again", counts=f"broker {how}")
        self._story.met["message forgotten by the broker"] += len(lost)
        self._saved = None

    @property
    def idle(self) -> bool:
        """Whether everything has been delivered and acknowledged."""
        return self._session is not None and not self._waiting() and bool(self._links)

    def _waiting(self) -> list[Kept]:
        return [] if self._session is None else [*self._session.flying.values(), *self._session.waiting]

    # --- the service's client ----------------------------------------------------------------------------------

    def connect(self) -> socket.socket:
        """The client's end of a new connection."""
        if not self.up:
            raise ConnectionRefusedError("the broker is down")
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        link = _Link(ours)
        if self._dice.chance(self.weather.cut_share):
            left = int(self.weather.cut_bytes_max ** self._dice.fraction())
            if self._dice.chance(0.5):
                link.down_left = left
            else:
                link.up_left = left
        self._links.append(link)
        return theirs

    def turn(self) -> None:
        """Read what has come, deliver what may go."""
        self._turns += 1
        for link in list(self._links):
            self._read(link)
        if self._links and self._session is not None and self._session.subscribed:
            self._deliver(self._links[-1], self._session)
        for link in list(self._links):
            self._write(link)
        if self._turns % TURNS_PER_SAVE == 0 and self._session is not None:
            self._saved = self._session.copy()

    def _read(self, link: _Link) -> None:
        room = min(self.weather.read_bytes_max, link.up_left)
        over = False
        try:
            chunk = link.sock.recv(room) if room else b""
            over = not chunk
        except BlockingIOError:
            chunk = b""
        except OSError:
            chunk, over = b"", True
        link.came += chunk
        link.up_left -= len(chunk)
        if not link.up_left:
            self._story.count("connection cut, upwards")
        while link in self._links and (found := packets.next_packet(link.came)) is not None:
            self._take(link, *found)
        if over or not link.up_left:
            self._lose(link)

    def _write(self, link: _Link) -> None:
        if link not in self._links or not link.leaving:
            return
        try:
            sent = link.sock.send(link.leaving[: link.down_left])
        except BlockingIOError:
            return
        except OSError:
            self._lose(link)
            return
        del link.leaving[:sent]
        link.down_left -= sent
        if not link.down_left:
            self._story.count("connection cut, downwards")
            self._read(link)
            self._lose(link)

    def _deliver(self, link: _Link, session: _Session) -> None:
        if link.asked is None:
            return
        window = min(link.asked.receive_maximum, self.weather.window)
        for _ in range(self.weather.per_turn_max):
            if not session.waiting or len(session.flying) >= window or session.waiting[0].ready_at > self._clock.at:
                return
            message = session.waiting.popleft()
            while True:
                session.newest_id = session.newest_id % PACKET_IDS + 1
                if session.newest_id not in session.flying:
                    break
            session.flying[session.newest_id] = message
            self._publish(link, session.newest_id, message, dup=False)

    def _publish(self, link: _Link, packet_id: int, message: Kept, *, dup: bool) -> None:
        assert link.asked is not None
        link.sent.add(packet_id)
        link.leaving += packets.publish(message.topic, packet_id, message.payload, mqtt5=link.asked.mqtt5, dup=dup)
        if dup:
            self._story.count("message delivered again")

    # --- packets -----------------------------------------------------------------------------------------------

    def _take(self, link: _Link, head: int, body: bytes) -> None:
        kind = head & 0xF0
        if kind == packets.CONNECT:
            self._take_connect(link, packets.connect(body))
            return
        assert link.asked is not None, "CONNECT comes first"
        if kind == packets.PUBACK:
            self._take_puback(link, int.from_bytes(body[:2], "big"))
        elif kind == packets.PUBLISH:
            published = packets.published(head, body, mqtt5=link.asked.mqtt5)
            if published.retained:
                self.retained[published.topic] = published.payload
            if published.packet_id:
                link.leaving += packets.packet(packets.PUBACK, published.packet_id.to_bytes(2, "big"))
        elif kind == packets.SUBSCRIBE:
            self._take_subscribe(link, body)
        elif kind == packets.PINGREQ:
            link.leaving += packets.packet(packets.PINGRESP)
        elif kind == packets.DISCONNECT:
            link.asked = link.asked._replace(will=None)
            self._lose(link)

    def _take_connect(self, link: _Link, asked: packets.Connect) -> None:
        link.asked = asked
        for other in [one for one in self._links if one is not link]:
            self._lose(other)
        if asked.clean:
            self._session = None
        present = self._session is not None
        session = self._session = self._session or _Session()
        session.expires = asked.expiry_s == 0
        link.leaving += packets.packet(packets.CONNACK, bytes([present, 0]) + (b"\0" if asked.mqtt5 else b""))
        self._story.tell(f"connected, session {'kept' if present else 'new'}", counts="connection")
        for packet_id, message in session.flying.items():
            self._publish(link, packet_id, message, dup=True)

    def _take_subscribe(self, link: _Link, body: bytes) -> None:
        assert link.asked is not None
        assert self._session is not None
        packet_id, filters = packets.subscribe(body, mqtt5=link.asked.mqtt5)
        self._session.subscribed = filters[0][0]
        self._awaits_session = False
        properties = b"\0" if link.asked.mqtt5 else b""
        granted = bytes(qos for _, qos in filters)
        link.leaving += packets.packet(packets.SUBACK, packet_id + properties + granted)

    def _take_puback(self, link: _Link, packet_id: int) -> None:
        if packet_id not in link.sent:
            raise Violation("acknowledgement", f"packet {packet_id} was not delivered over this connection")
        link.sent.discard(packet_id)
        if self._session is None:
            return
        message = self._session.flying.pop(packet_id, None)
        if message is not None:
            message.pubacked = True
            self._on_puback(message)

    def _lose(self, link: _Link) -> None:
        if link not in self._links:
            return
        self._links.remove(link)
        with suppress(OSError):
            link.sock.close()
        if link.asked is None:
            return
        if link.asked.will is not None:
            self.retained[link.asked.will[0]] = link.asked.will[1]
        if self._session is not None and self._session.expires and not self._links:
            self._session = None
