"""The last message of a drill: everybody who was told hears that it is over."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from gauge_ingest.core.people import Person
from gauge_ingest.drill.report import Ended
from gauge_ingest.notifiers import Channel, Message, NotifierRejected, NotifierUnavailable

TRIES_MAX = 2  # rounds through a person's ways
TOGETHER_MAX = 8  # people at a time

_SUBJECT = {"zh": "【演习 DRILL】演习结束：{name}", "en": "[演习 DRILL] The drill is over: {name}"}
_TEXT = {
    "zh": "【演习 DRILL】演习“{name}”已于 {at} 结束（{how}）。\n"
    "【演习 DRILL】此前收到的演习消息全部作废，无须再行动、再确认。此后没有“演习”字样的消息都是真的。",
    "en": "[演习 DRILL] The drill {name} ended at {at} ({how}).\n"
    "[演习 DRILL] All its messages are void: nothing is to be done or acknowledged. Whatever comes without"
    " the word DRILL is real.",
}
_SHORT = {"zh": "演习DRILL 演习结束，演习消息全部作废", "en": "演习DRILL The drill is over; its messages are void"}

_HOW = {
    Ended.SEEN: "全部确认",
    Ended.UNSEEN: "尚有人未确认",
    Ended.UNTOLD: "未能发出任何消息",
    Ended.STOPPED: "人工中止",
    Ended.DIED: "因故障中止",
}

Made = Callable[[str], Channel]  # a channel by its name, not connected yet


def tell_over(people: Sequence[Person], made: Made, *, name: str, at: str, how: Ended) -> Mapping[str, str]:
    """By person the channel that took the last message, or why none did, with `not told: ` before it."""
    if not people:
        return {}

    def tell(person: Person) -> str:
        return _tell(person, made, over_message(person, name=name, at=at, how=how))

    with ThreadPoolExecutor(TOGETHER_MAX) as pool:
        return dict(zip([one.id for one in people], pool.map(tell, people), strict=True))


def over_message(person: Person, *, name: str, at: str, how: Ended) -> Message:
    """The message, in the person's language."""
    language = person.language if person.language in _TEXT else "en"
    return Message(
        event=0,
        subject=_SUBJECT[language].format(name=name),
        text=_TEXT[language].format(name=name, at=at, how=_HOW[how] if language == "zh" else how.value),
        short=_SHORT[language],
        grade=1,
        drill=True,
    )


def _tell(person: Person, made: Made, message: Message) -> str:
    reasons: dict[str, str] = {}
    for _ in range(TRIES_MAX):
        for way in person.reach:
            channel = made(way.channel)
            try:
                channel.send(way.to, message)
            except (NotifierRejected, NotifierUnavailable) as error:
                reasons[way.channel] = f"{way.channel}: {error}"
            else:
                return way.channel
            finally:
                channel.close()
    return f"not told: {'; '.join(reasons.values())}"
