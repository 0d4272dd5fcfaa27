"""Store and forward: what was not acknowledged is sent again, unchanged and in order."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from simulator.outbox import Outbox
from simulator.wire import Message, encode


def _message(seq: int) -> Message:
    return Message("HTB01", seq, 3, datetime(2026, 7, 15, 10, 0, seq % 60, tzinfo=UTC), ())


def _send_all(outbox: Outbox, *, first_packet_id: int = 1) -> list[Message]:
    sent: list[Message] = []
    while (message := outbox.following()) is not None:
        outbox.sent(first_packet_id + len(sent))
        sent.append(message)
    return sent


def test_a_lost_connection_brings_back_what_was_in_flight_before_what_waits() -> None:
    outbox = Outbox()
    for seq in range(3):
        outbox.hold(_message(seq))
    first = _send_all(outbox)
    outbox.acknowledge(2)
    outbox.hold(_message(3))

    outbox.connection_lost()
    again = _send_all(outbox)

    assert [message.seq for message in again] == [0, 2, 3]
    assert [encode(message) for message in again[:2]] == [encode(first[0]), encode(first[2])]


def test_an_acknowledgement_of_the_last_connection_lets_nothing_go() -> None:
    outbox = Outbox()
    outbox.hold(_message(0))
    outbox.sent(17)

    outbox.connection_lost()

    assert outbox.acknowledge(17) is None
    assert len(outbox) == 1


@given(st.lists(st.sampled_from(["hold", "send", "acknowledge", "lose"]), max_size=60))
def test_whatever_the_link_does_every_message_is_held_until_acknowledged(steps: list[str]) -> None:
    outbox, made, packet_id = Outbox(), 0, 0
    in_flight: list[int] = []
    acknowledged: set[int] = set()
    for step in steps:
        if step == "hold":
            outbox.hold(_message(made))
            made += 1
        elif step == "send" and outbox.following() is not None:
            packet_id += 1
            outbox.sent(packet_id)
            in_flight.append(packet_id)
        elif step == "acknowledge" and in_flight:
            message = outbox.acknowledge(in_flight.pop(0))
            assert message is not None
            acknowledged.add(message.seq)
        elif step == "lose":
            outbox.connection_lost()
            in_flight.clear()
    outbox.connection_lost()

    assert [message.seq for message in _send_all(outbox)] == [seq for seq in range(made) if seq not in acknowledged]
