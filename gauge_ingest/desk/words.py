"""The words of the page, in Chinese and in English: the same keys in both."""

from collections.abc import Mapping
from datetime import datetime

from gauge_ingest.core.spans import BEIJING

Words = Mapping[str, str]

ZH: Words = {
    "language": "zh-CN",
    "service": "监测系统本身",
    "not_acknowledged": "还没有人确认",
    "acknowledged": "{who} 已确认，{at}",
    "ended": "本预警已结束",
    "raised_state": "预警有效",
    "cleared_state": "已解除",
    "withdrawn_state": "已撤销",
    "lapsed_state": "因缺数据而中止，并非解除",
    "todo": "处置",
    "since": "开始",
    "until": "结束",
    "rain": "雨量",
    "peak": "最高等级",
    "amount": "{window}内{of} {rain} 毫米",
    "threshold": "阈值 {threshold} 毫米，截至 {until}",
    "trust": "可信度",
    "trusted": "没有质量检查表示怀疑",
    "no_rain": "这是系统自身的情况，没有雨量",
    "perhaps": "{rain} 毫米是确定的，最多可能有 {most} 毫米",
    "higher": "未证实：可能已达到更高等级",
    "doubted": "其中 {rain} 毫米受到质量检查的怀疑",
    "rests_on_doubt": "未证实：其中 {rain} 毫米受到质量检查的怀疑，没有它就不到这个等级",
    "covered": "这段时间的数据齐全",
    "partly_covered": "这段时间只有 {coverage} 的数据：雨量可能更多",
    "late": "迟到的数据：下雨 {elapsed}后才收到",
    "reason": "说明",
    "newer": "您收到的消息之后，预警又有升级。请看本页的最新情况。",
    "form": "您以“{who}”的名义确认",
    "comment": "正在怎么处理（可不填）",
    "button": "确认收到",
    "done": "已记录您的确认。",
    "rose": "没有确认：在您阅读期间预警又升级了。请看最新情况，再按一次。",
    "unanswered": "没有确认：系统此刻没有应答。请稍后再按一次，并打电话告诉值班室。",
    "refused": "没有确认：系统拒绝了。",
    "too_long": "没有确认：说明太长，最多 {most} 个字。",
    "incomplete": "没有确认：表单不完整。请再按一次。",
    "history": "经过",
    "with_level": "{what}：{level}",
    "earlier": "更早的 {count} 条：gauge-ingest alerts show {alert}",
    "page_at": "本页是 {at}（北京时间）的情况，不会自动更新。",
    "alert": "预警 {alert}，规则 {rule}",
    "source": "阈值来源：{source}",
    "raised": "发布",
    "strengthened": "升级",
    "eased": "减弱",
    "cleared": "解除",
    "withdrawn": "撤销",
    "lapsed": "中止",
    "escalated": "无人确认，已通知下一级",
    "nobody_on_duty": "无人值班，已通知所有人",
    "reminded": "再次提醒",
    "said_acknowledged": "已确认",
    "said_commented": "备注",
    "expired": "链接已过期",
    "expired_why": "为安全起见，消息中的链接只能用 {hours} 小时。",
    "forged": "链接无效",
    "forged_why": "链接不完整，或不是本系统发出的。请从原消息中重新打开，不要手工输入。",
    "stranger": "链接无效",
    "stranger_why": "收到这条链接的人已不在通知名单中。",
    "missing": "没有这个预警",
    "missing_why": "系统中没有预警 {alert}。",
    "unavailable": "现在看不到",
    "unavailable_why": "系统此刻读不到数据。请过一分钟再试。没有确认任何预警。",
    "instead": "现在可以这样做：",
    "telephone": "打电话给值班室。",
    "command": "在服务器上运行：",
    "ago": "{elapsed}前",
    "now": "刚刚",
    "day": "天",
    "hour": "小时",
    "minute": "分钟",
    "second": "秒",
}
EN: Words = {
    "language": "en",
    "service": "the service itself",
    "not_acknowledged": "Nobody has acknowledged this",
    "acknowledged": "Seen by {who}, {at}",
    "ended": "This alert has ended",
    "raised_state": "This alert stands",
    "cleared_state": "Cleared",
    "withdrawn_state": "Withdrawn",
    "lapsed_state": "Lapsed for want of data: no all-clear",
    "todo": "Do",
    "since": "Since",
    "until": "Until",
    "rain": "Rain",
    "peak": "Highest level",
    "amount": "{rain} mm in {window}{of}",
    "threshold": "threshold {threshold} mm, until {until}",
    "trust": "Trust",
    "trusted": "No quality check doubts it",
    "no_rain": "About the service itself, not about rain",
    "perhaps": "{rain} mm are sure, it may be as much as {most} mm",
    "higher": "Unconfirmed: perhaps a higher level already",
    "doubted": "{rain} mm of it doubted by quality checks",
    "rests_on_doubt": "Unconfirmed: quality checks doubt {rain} mm of it, and without these it is below this level",
    "covered": "Reports cover all of this time",
    "partly_covered": "Reports cover {coverage} of this time: there may be more rain",
    "late": "Late: known {elapsed} after it rained",
    "reason": "Reason",
    "newer": "The alert has risen since the message that brought you here. This page shows it as it is now.",
    "form": "You acknowledge as {who}",
    "comment": "What is being done (may stay empty)",
    "button": "I have seen this",
    "done": "Your acknowledgement is recorded.",
    "rose": "NOT acknowledged: the alert rose while you were reading. Look at it as it is now, and press again.",
    "unanswered": "NOT acknowledged: the service does not answer. Press again in a moment, and call the duty office.",
    "refused": "NOT acknowledged: the service refuses.",
    "too_long": "NOT acknowledged: at most {most} characters, please.",
    "incomplete": "NOT acknowledged: the form was not complete. Press again.",
    "history": "What was told and done",
    "with_level": "{what}: {level}",
    "earlier": "{count} earlier: gauge-ingest alerts show {alert}",
    "page_at": "As of {at}, Beijing time. This page does not renew itself.",
    "alert": "alert {alert}, rule {rule}",
    "source": "thresholds: {source}",
    "raised": "raised",
    "strengthened": "strengthened",
    "eased": "eased",
    "cleared": "cleared",
    "withdrawn": "withdrawn",
    "lapsed": "lapsed",
    "escalated": "nobody acknowledged: the next in the chain are told",
    "nobody_on_duty": "nobody on duty: everybody is told",
    "reminded": "told again",
    "said_acknowledged": "seen",
    "said_commented": "note",
    "expired": "This link has expired",
    "expired_why": "For safety the link in a message works for {hours} hours.",
    "forged": "This link does not work",
    "forged_why": "It is cut off, or was not made by this service. Open it from the message; do not type it.",
    "stranger": "This link does not work",
    "stranger_why": "The person it was sent to is no longer among those who are told.",
    "missing": "There is no such alert",
    "missing_why": "The service knows no alert {alert}.",
    "unavailable": "Nothing can be shown now",
    "unavailable_why": "The service cannot read its journal. Try again in a minute. Nothing was acknowledged.",
    "instead": "What you can do now:",
    "telephone": "Call the duty office.",
    "command": "On the server:",
    "ago": "{elapsed} ago",
    "now": "just now",
    "day": "d",
    "hour": "h",
    "minute": "min",
    "second": "s",
}
LANGUAGES: Mapping[str, Words] = {"zh": ZH, "en": EN}

_UNITS_S = (("day", 86_400), ("hour", 3_600), ("minute", 60))
_JUST_NOW_S = 10


def instant_words(words: Words, at: int) -> str:
    """An instant in Beijing time, as people say it."""
    moment = datetime.fromtimestamp(at / 1000, BEIJING)
    if words is ZH:
        return f"{moment.month}月{moment.day}日 {moment:%H:%M}"
    return f"{moment.day} {moment:%b %H:%M}"


def short_instant(at: int) -> str:
    """An instant in Beijing time in the form of a list, the same in every language."""
    return f"{datetime.fromtimestamp(at / 1000, BEIJING):%m-%d %H:%M}"


def length_words(words: Words, length_s: int) -> str:
    """A length of time to the unit that it has at least two of; a window of exactly one hour or day is one."""
    for unit, unit_s in _UNITS_S:
        if length_s >= 2 * unit_s or length_s == unit_s:
            return f"{length_s // unit_s} {words[unit]}"
    return f"{length_s} {words['second']}"


def ago_words(words: Words, at: int, *, now: int) -> str:
    """How long ago something was."""
    passed_s = max(0, now - at) // 1000
    return words["now"] if passed_s < _JUST_NOW_S else words["ago"].format(elapsed=length_words(words, passed_s))
