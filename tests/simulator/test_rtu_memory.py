"""What a logger's memory keeps of unsent rain, in which order it leaves, and what is lost when it is full."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.rtu import Memory, MemorySettings, RtuSettings
from simulator.values import HOUR_MS, MINUTE_MS, Message
from tests.simulator.rtu_bench import START, Bench

End = Literal["oldest", "newest"]
ENDS: tuple[End, End] = ("oldest", "newest")


def message(number: int) -> Message:
    return Message("HTB01", number, 1, 0, (), number=number)


def numbers(memory: Memory) -> list[int]:
    """Send everything that waits; return the order."""
    order = []
    while (following := memory.following()) is not None:
        memory.taken(following)
        order.append(following.number)
    return order


def filled(count: int, *, messages_max: int = 100, full_drops: End = "oldest", sends_first: End = "oldest") -> Memory:
    memory = Memory(MemorySettings(messages_max=messages_max, full_drops=full_drops, sends_first=sends_first))
    for number in range(1, count + 1):
        memory.hold(message(number))
    return memory


@pytest.mark.parametrize(("sends_first", "order"), [("oldest", [1, 2, 3]), ("newest", [3, 2, 1])])
def test_rain_leaves_in_the_order_that_is_set(sends_first: End, order: list[int]) -> None:
    memory = filled(3, sends_first=sends_first)

    assert numbers(memory) == order
    assert (len(memory), memory.in_flight, memory.waiting) == (3, 3, 0)


def test_rain_is_held_until_it_is_acknowledged() -> None:
    memory = filled(2)
    numbers(memory)

    gone = memory.acknowledged(2)

    assert gone is not None
    assert gone.number == 2
    assert memory.acknowledged(2) is None
    assert len(memory) == 1


@pytest.mark.parametrize(("sends_first", "order"), [("oldest", [1, 2, 3, 4]), ("newest", [4, 3, 2, 1])])
def test_rain_that_was_in_flight_waits_again_in_its_old_order(sends_first: End, order: list[int]) -> None:
    memory = filled(3, sends_first=sends_first)
    for _ in range(2):
        following = memory.following()
        assert following is not None
        memory.taken(following)
    memory.hold(message(4))

    memory.back()

    assert memory.in_flight == 0
    assert numbers(memory) == order


def test_an_acknowledgement_of_the_connection_before_lets_nothing_go() -> None:
    memory = filled(1)
    numbers(memory)
    memory.back()

    gone = memory.acknowledged(1)

    assert gone is None
    assert len(memory) == 1


@pytest.mark.parametrize(("full_drops", "kept", "lost"), [("oldest", [2, 3], 1), ("newest", [1, 2], 3)])
def test_a_full_memory_loses_the_end_that_is_set(full_drops: End, kept: list[int], lost: int) -> None:
    memory = filled(2, messages_max=2, full_drops=full_drops)

    gone = memory.hold(message(3))

    assert gone is not None
    assert gone.number == lost
    assert numbers(memory) == kept


def test_a_full_memory_does_not_lose_what_is_in_flight() -> None:
    memory = filled(2, messages_max=2)
    numbers(memory)

    gone = memory.hold(message(3))

    assert gone is not None
    assert gone.number == 3
    assert memory.in_flight == 2


def test_a_memory_that_is_not_full_loses_nothing() -> None:
    memory = filled(1, messages_max=2)

    assert memory.hold(message(2)) is None


@given(
    actions=st.lists(st.sampled_from(["hold", "send", "acknowledge", "back"]), max_size=120),
    messages_max=st.integers(1, 12),
    full_drops=st.sampled_from(ENDS),
    sends_first=st.sampled_from(ENDS),
)
def test_every_message_is_held_acknowledged_or_told_to_be_lost(
    actions: list[str], messages_max: int, full_drops: End, sends_first: End
) -> None:
    """Goal: nothing vanishes. Method: a plain list beside the memory, any order of what a modem can do."""
    memory = Memory(MemorySettings(messages_max=messages_max, full_drops=full_drops, sends_first=sends_first))
    made, done, waiting, flying = 0, set[int](), list[int](), list[int]()
    for action in actions:
        if action == "hold":
            made += 1
            full = len(waiting) + len(flying) >= messages_max
            lost = memory.hold(message(made))
            waiting.append(made)
            assert (lost is not None) == full
            if lost is not None:
                ends = waiting if full_drops == "newest" or len(waiting) == 1 else waiting[:1]
                assert lost.number == ends[-1]
                waiting.remove(lost.number)
                done.add(lost.number)
        elif action == "send" and waiting:
            following = memory.following()
            assert following is not None
            assert following.number == (waiting[0] if sends_first == "oldest" else waiting[-1])
            memory.taken(following)
            waiting.remove(following.number)
            flying.append(following.number)
        elif action == "acknowledge" and flying:
            gone = memory.acknowledged(flying[0])
            assert gone is not None
            done.add(flying.pop(0))
        elif action == "back":
            memory.back()
            waiting, flying = sorted(waiting + flying), []
        assert len(memory) == len(waiting) + len(flying) <= messages_max
        assert memory.in_flight == len(flying)

    assert done | set(waiting) | set(flying) == set(range(1, made + 1))
    assert (memory.following() is None) == (not waiting)
    assert [one.number for one in memory.empty()] == sorted(waiting + flying)
    assert len(memory) == 0


def test_a_logger_tells_what_its_full_memory_has_lost() -> None:
    bench = Bench(RtuSettings(memory=MemorySettings(messages_max=3)))

    bench.run(START + 20 * MINUTE_MS)

    assert bench.facts("dropped") == [
        {"number": 1, "seq": 0, "why": "memory_full"},
        {"number": 2, "seq": 1, "why": "memory_full"},
    ]
    assert [one.number for one in bench.acknowledge_all()] == [3, 4, 5]


def test_a_repeated_hour_takes_room_in_the_memory_like_any_message() -> None:
    bench = Bench(RtuSettings(hourly=True, memory=MemorySettings(messages_max=10)))

    bench.run(START + HOUR_MS)

    assert [one["number"] for one in bench.facts("dropped")] == [1, 2, 3, 4]
    assert len(bench.rtu.memory) == 10


def test_a_memory_of_seventeen_days_holds_an_outage_of_a_week() -> None:
    bench = Bench()

    bench.run(START + 7 * 24 * HOUR_MS)

    assert len(bench.rtu.memory) == len(bench.readings) == 7 * 288 + 1
    assert bench.facts("dropped") == []


def test_a_memory_in_ram_is_empty_after_a_reboot() -> None:
    bench = Bench(RtuSettings(memory=MemorySettings(kind="ram")))
    bench.run(START + 10 * MINUTE_MS)

    bench.met(bench.rtu.reboot(START + 11 * MINUTE_MS, loses_count=False, loses_memory=False))

    assert [(one["number"], one["why"]) for one in bench.facts("dropped")] == [(n, "memory_lost") for n in (1, 2, 3)]
    assert len(bench.rtu.memory) == 0


def test_a_memory_in_ram_is_empty_after_a_loss_of_power() -> None:
    bench = Bench(RtuSettings(memory=MemorySettings(kind="ram")))
    bench.run(START + 10 * MINUTE_MS)

    bench.met(bench.rtu.cut_power(START + 11 * MINUTE_MS))

    assert len(bench.facts("dropped")) == 3


def test_a_memory_in_flash_survives_reboot_and_loss_of_power() -> None:
    bench = Bench()
    bench.run(START + 10 * MINUTE_MS)

    bench.met(bench.rtu.reboot(START + 11 * MINUTE_MS, loses_count=True, loses_memory=False))
    bench.met(bench.rtu.cut_power(START + 12 * MINUTE_MS))

    assert bench.facts("dropped") == []
    assert [one.boot for one in bench.acknowledge_all()] == [3, 3, 3, 4]


def test_a_memory_that_is_lost_takes_what_is_in_flight_and_what_waits_to_be_packed() -> None:
    bench = Bench(RtuSettings(packs=True))
    bench.run(START + 20 * MINUTE_MS)
    following = bench.rtu.memory.following()
    assert following is not None
    bench.rtu.memory.taken(following)

    bench.met(bench.rtu.reboot(START + 21 * MINUTE_MS, loses_count=False, loses_memory=True))

    assert [one["number"] for one in bench.facts("dropped")] == [1, 2, 3]
    assert [one for message in bench.messages for one in message.readings] == bench.readings
    assert bench.rtu.memory.acknowledged(1) is None


def test_the_closing_message_finds_room_in_a_full_memory() -> None:
    bench = Bench(RtuSettings(memory=MemorySettings(messages_max=1, full_drops="newest")))
    bench.run(START + 6 * MINUTE_MS)

    bench.met(bench.rtu.close(START + 7 * MINUTE_MS))

    assert [one.number for one in bench.acknowledge_all()] == [1, 3]
    assert [one["number"] for one in bench.facts("dropped")] == [2]
