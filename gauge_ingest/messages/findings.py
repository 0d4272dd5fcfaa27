"""What the service finds about itself, in words for duty staff: what it means for the warnings, and what to do now."""

from collections.abc import Mapping

from gauge_ingest.core.actions import Words
from gauge_ingest.messages.findings_watched import WATCHED
from gauge_ingest.messages.wording import FindingWords

UNKNOWN = FindingWords(
    title=Words("系统故障", "SERVICE FAULT"),
    means=Words(
        "雨情接收系统发现自身有问题，期间预警可能不全",
        "the rain service has found a fault in itself; warnings may be missing meanwhile",
    ),
    todo=Words(
        "电话询问各雨量站看护员，人工值守雨情；通知系统管理员",
        "watch the rain by telephone with the gauge keepers; call the administrator of this system",
    ),
    over=Words("问题已消除", "the fault is over"),
    tells_why=True,
)
FINDINGS: Mapping[str, FindingWords] = {
    **WATCHED,
    "session_lost": FindingWords(
        title=Words("可能丢失雨情数据", "RAIN REPORTS MAY BE LOST"),
        means=Words(
            "消息服务器丢失了待收数据，部分雨情可能没有收到，这段时间的预警可能不全",
            "the message broker has forgotten what it held for us: some rain reports may never have come in,"
            " and warnings of that time may be missing",
        ),
        todo=Words(
            "核对这段时间的雨量，向看护员询问有无强降雨；通知系统管理员检查消息服务器（会话保存）",
            "ask the gauge keepers whether it rained hard in that time; tell the administrator to look at the message"
            " broker (does it keep sessions?)",
        ),
        over=Words(
            "连接已恢复，此后数据正常接收；问题期间的雨量和预警请核对",
            "connected again, what comes from now on is received; look up the rain and the warnings of that time",
        ),
    ),
    "client_id_taken": FindingWords(
        title=Words("雨情接收可能中断", "RAIN REPORTS MAY NOT BE COMING IN"),
        means=Words(
            "另一个程序占用了本系统的连接名称，本系统可能收不到雨情，也就发不出预警",
            "another program uses the connection name of this service: rain reports, and with them warnings,"
            " may not come through",
        ),
        todo=Words(
            "立即电话询问各站雨情，人工值守；马上通知系统管理员停掉另一个程序后重启本系统",
            "watch the rain by telephone from now on; call the administrator at once to stop the other program and"
            " start this service again",
        ),
        over=Words("连接已稳定；问题期间的雨量请核对", "the connection holds again; look up the rain of that time"),
    ),
    "broken": FindingWords(
        title=Words("不能自动预警", "NO AUTOMATIC WARNINGS NOW"),
        means=Words(
            "程序出错，该规则或该站目前不会自动预警；雨情数据仍在保存，其他预警照常",
            "a fault of the program: this rule or station gives no warnings now; its rain is kept, the others go on",
        ),
        todo=Words(
            "对有关站点人工值守，按阈值表自行判断；把预警编号告诉系统管理员",
            "watch the places concerned yourself, by the table of thresholds; give the alert number to the"
            " administrator",
        ),
        over=Words("已重新计算，恢复自动预警", "it is tried again: warnings are worked out again"),
    ),
    "unknown_senders": FindingWords(
        title=Words("有未登记的测站发来大量数据", "MANY MESSAGES OF UNKNOWN STATIONS"),
        means=Words(
            "未登记的发送者今天发来的数据超过上限，超出部分不保存；已登记测站不受影响",
            "senders that are not registered have sent more than is kept in a day; registered stations are not"
            " affected",
        ),
        todo=Words(
            "白天处理即可：确认是否有新站未登记，或有人误发",
            "in the morning: see whether a new station was never entered, or somebody sends here by mistake",
        ),
        over=Words("新的一天，重新计数", "a new day: counting begins again"),
    ),
}


def finding_words(rule: str) -> FindingWords:
    """The words for a finding; general ones for one that has none of its own yet."""
    return FINDINGS.get(rule, UNKNOWN)
