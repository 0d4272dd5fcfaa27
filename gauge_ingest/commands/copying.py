"""Waiting until stores hold what the journal has announced; where no service runs, copying it here."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from gauge_ingest.clock import Clock
from gauge_ingest.commands.opening import reading
from gauge_ingest.commands.output import Status, notice, stop
from gauge_ingest.commands.progress import Advance
from gauge_ingest.commands.writing import asked
from gauge_ingest.configuration import Configuration
from gauge_ingest.journal import Lock, Locked, holder
from gauge_ingest.requests import COPY_AGAIN
from gauge_ingest.requests.copy_again import EVENTS_MAX, SPANS_MAX
from gauge_ingest.verify.repair import Again
from gauge_ingest.wellbeing.followers import FollowersUnknown, Standing, standings

LOOK_EVERY_S = 0.2
STILL_MAX_S = 60.0  # without any progress
NOT_RUNNING = "no service runs, which would copy them"


def copy_again(configuration: Configuration, clock: Clock, again: Again, advance: Advance) -> None:
    """Announce what is to be copied once more; an end with the reason when it is refused."""
    number = max(-(-len(again.spans) // SPANS_MAX), -(-len(again.events) // EVENTS_MAX))
    for place in range(number):
        body = {
            "spans": [list(span) for span in again.spans[place * SPANS_MAX : (place + 1) * SPANS_MAX]],
            "events": again.events[place * EVENTS_MAX : (place + 1) * EVENTS_MAX],
        }
        answer = asked(configuration, clock, COPY_AGAIN, body)
        if not answer.get("ok"):
            stop(Status.UNREACHABLE, f"it cannot be copied again: {answer.get('error')}")
        advance((place + 1) / number)


def copy_whole(configuration: Configuration, clock: Clock, names: Sequence[str], advance: Advance) -> None:
    """Wait until these followers have copied what was announced, or copy it here; an end that says why not."""
    with _alone(configuration) as is_alone:
        if is_alone:
            words = _copy_here(configuration, clock, names, advance)
        else:
            words = wait_for_copy(configuration, names, advance)
    if words:
        stop(Status.UNREACHABLE, words)


def wait_for_copy(
    configuration: Configuration, names: Sequence[str], advance: Advance, *, still_max_s: float = STILL_MAX_S
) -> str:
    """Wait until the service has copied to these what is announced now; why it does not go on, empty once it has.

    Not until nothing is behind: where stations report all the time there is always something on its way.
    """
    runs = holder(configuration.settings.journal_path) is not None
    with reading(configuration) as reader:
        until = reader.newest_seq()
    most, least, since_s = 1, 1 << 62, time.monotonic()
    while waiting := behind(configuration, names, until=until):
        left = sum(until - one.oldest for one in waiting)
        most = max(most, left)
        if left < least:
            least, since_s = left, time.monotonic()
        elif not runs or time.monotonic() - since_s > still_max_s:
            words = next((one.error for one in waiting if one.error), "it does not go on" if runs else NOT_RUNNING)
            return f"{waiting[0].name} is {until - waiting[0].oldest} changes behind: {words}"
        advance(1 - left / most)
        time.sleep(LOOK_EVERY_S)
    return ""


def behind(configuration: Configuration, names: Sequence[str], *, until: int) -> list[Standing]:
    """The followers of these names that have not carried on all up to a change; one that never ran has nothing."""
    with reading(configuration) as reader:
        try:
            found = {one.name: one for one in standings(configuration.settings.outbound_path, reader)}
        except FollowersUnknown as error:
            stop(Status.UNREACHABLE, str(error))
    unknown = Standing("", 0, until, 0, 0, 0, "", 0, 0)
    every = [found.get(name, unknown._replace(name=name)) for name in names]
    return [one for one in every if one.oldest < until]


def _copy_here(configuration: Configuration, clock: Clock, names: Sequence[str], advance: Advance) -> str:
    from gauge_ingest.app.copying import copying
    from gauge_ingest.outbound import Positions
    from gauge_ingest.outbound.follow import IDLE_S

    positions = Positions(configuration.settings.outbound_path)
    followers = [one for one in copying(configuration, positions, clock.now) if one.name in names]
    for number, follower in enumerate(followers):
        while (wait_s := follower.step()) != IDLE_S or follower.error:
            if follower.error:
                return f"{follower.name}: {follower.error}"
            time.sleep(min(wait_s, LOOK_EVERY_S) if wait_s else 0)
            advance(number / len(followers))
        follower.close()
    positions.close()
    notice("no service runs: copied by this command")
    return ""


@contextmanager
def _alone(configuration: Configuration) -> Iterator[bool]:
    """Whether no service runs; while it lasts, none begins."""
    lock = Lock(configuration.settings.journal_path)
    try:
        lock.acquire()
    except Locked:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()
