"""What watchdogs find at stations, at the link and at the machine, in words for duty staff."""

from collections.abc import Mapping

from gauge_ingest.core.actions import Words
from gauge_ingest.messages.wording import FindingWords

_HEARD = Words("已恢复", "it is over")

WATCHED: Mapping[str, FindingWords] = {
    "danger_in_silence": FindingWords(
        title=Words("测站失联而周边大雨，可能出险", "SILENT WHILE IT RAINS HARD AROUND IT"),
        means=Words(
            "该站突然没有数据，周边测站雨很大；可能被洪水、滑坡、雷击损坏，也可能只是通信中断。该处雨情不明",
            "nothing comes from this station while it rains hard at its neighbours: water, a landslide or lightning may"
            " have taken it, or only the mobile network. Nobody knows what falls there",
        ),
        todo=Words(
            "马上电话联系看护员和村组，问雨、问水、问人；联系不上就按有险情处理，派人到安全处察看",
            "call people on the spot now: rain, water, are they safe? If nobody answers treat it as an emergency and"
            " send somebody to look from a safe place",
        ),
        over=Words("测站已恢复或险情已排除，失联期间的雨量请核对", "look up the rain of the time it was away"),
        tells_why=True,
        brief=Words("速打电话不通按出险办", "phone them NOW"),
    ),
    "station_silent": FindingWords(
        title=Words("测站失联", "STATION SILENT"),
        means=Words(
            "该站没有数据，那里的雨不会触发预警，也不能当作没有下雨",
            "no rain of this station is known, so nothing there can raise a warning; silent does not mean dry",
        ),
        todo=Words(
            "问看护员那里的天气；有雨就人工值守。然后查通信、电池、终端（gauge-ingest stations health）",
            "ask the gauge keeper for the weather; watch by telephone while it rains. Then link, battery, modem"
            " (gauge-ingest stations health)",
        ),
        over=Words("测站恢复来报", "it is heard again"),
        tells_why=True,
        brief=Words("问看护员雨情", "phone the keeper"),
    ),
    "network_silent": FindingWords(
        title=Words("多数测站同时失联", "MOST STATIONS ARE SILENT"),
        means=Words(
            "多数测站没有数据，大范围降雨也不会有预警", "most rain is not known: even a storm would raise no warning"
        ),
        todo=Words(
            "立即改为电话询雨、人工值守；联系移动运营商，检查消息服务器",
            "watch the rain by telephone from now on; ask the mobile operator, look at the message broker",
        ),
        over=Words("多数测站恢复来报", "most stations are heard again"),
        tells_why=True,
    ),
    "broker_gone": FindingWords(
        title=Words("雨情接收中断", "CUT OFF: NO RAIN COMES IN"),
        means=Words(
            "与消息服务器断开，收不到任何测站的雨情，也就没有预警",
            "we are cut off from the message broker: no rain of any station comes in, and no warning can be raised",
        ),
        todo=Words(
            "立即改为电话询雨、人工值守；马上通知系统管理员检查网络和消息服务器",
            "watch the rain by telephone from now on; call the administrator now: network, message broker",
        ),
        over=Words("接收已恢复，测站会补报", "it comes in again, and stations send what they kept"),
        tells_why=True,
    ),
    "outbound_gone": FindingWords(
        title=Words("预警发不出去", "WARNINGS REACH NOBODY"),
        means=Words(
            "发送程序没有运行，预警只有记录、没人收到",
            "the process that tells people does not run: alerts are only recorded",
        ),
        todo=Words(
            "派专人盯着 gauge-ingest alerts，人工通知；马上通知系统管理员",
            "keep somebody at gauge-ingest alerts and tell people by telephone; call the administrator now",
        ),
        over=Words("发送已恢复", "it runs again"),
        tells_why=True,
    ),
    "store_behind": FindingWords(
        title=Words("数据或消息发送滞后", "COPIES OR MESSAGES ARE BEHIND"),
        means=Words(
            "有一路发送长时间没有进展；数据不会丢，恢复后补发",
            "one way out has not moved for long; nothing is lost, it is sent when this is mended",
        ),
        todo=Words("通知系统管理员查看 gauge-ingest health", "tell the administrator to look at gauge-ingest health"),
        over=Words("已赶上", "it has caught up"),
        tells_why=True,
    ),
    "disk_low": FindingWords(
        title=Words("磁盘空间不足", "THE DISK FILLS UP"),
        means=Words("写满后将停止接收雨情", "when it is full no rain is taken in any more"),
        todo=Words("通知系统管理员清理磁盘", "tell the administrator to make room"),
        over=Words("空间已够", "there is room again"),
        tells_why=True,
    ),
    "quarantine_growing": FindingWords(
        title=Words("大量数据无法入库", "MANY READINGS CANNOT BE USED"),
        means=Words(
            "有测站的数据格式不对，其雨量没有计入",
            "readings of some stations are not understood; their rain does not count",
        ),
        todo=Words(
            "通知系统管理员查看 gauge-ingest quarantine list", "tell the administrator: gauge-ingest quarantine list"
        ),
        over=_HEARD,
        tells_why=True,
    ),
    "configuration_refused": FindingWords(
        title=Words("配置有误，沿用旧配置", "CONFIGURATION REFUSED, THE FORMER ONE IS USED"),
        means=Words(
            "磁盘上的配置不能用，预警照常，但按上次通过的站点、规则和联系人发出；新改动未生效",
            "the files on disk cannot be used: warnings go on with the stations, rules and people accepted before;"
            " what was changed since is not in force",
        ),
        todo=Words(
            "确认值班人员和电话仍然正确；通知系统管理员改正配置（gauge-ingest check）后执行 gauge-ingest reload",
            "see whether the people on duty are still the right ones; tell the administrator: gauge-ingest check,"
            " then gauge-ingest reload",
        ),
        over=Words("新配置已生效", "the files on disk are in force"),
        tells_why=True,
    ),
    "battery_low": FindingWords(
        title=Words("测站电压低", "BATTERY LOW"),
        means=Words("测站可能随时停报", "the station may stop at any time"),
        todo=Words("安排检查太阳能板和电池；警告级别的今天就去", "look at panel and battery; of a warning, today"),
        over=Words("电压恢复", "the voltage is right again"),
        tells_why=True,
    ),
    "clock_off": FindingWords(
        title=Words("测站时钟不准", "CLOCK IS WRONG"),
        means=Words("雨量的时间不准，预警可能早或晚", "its rain is dated wrongly; warnings may come early or late"),
        todo=Words("校时", "set its clock"),
        over=Words("时钟已准", "its clock is right again"),
        tells_why=True,
    ),
    "door_open": FindingWords(
        title=Words("测站箱门未关", "BOX IS OPEN"),
        means=Words("雨水可能进入设备；也可能有人在动设备", "rain may get in, or somebody is at work there"),
        todo=Words("问清谁在现场，请其关门", "ask who is there, and have it closed"),
        over=Words("箱门已关", "it is closed"),
        tells_why=True,
    ),
    "data_suspect": FindingWords(
        title=Words("测站数据可疑", "DATA ARE DOUBTFUL"),
        means=Words(
            "该站雨量多处可疑，其预警会标“未经核实”", "much of its rain is in doubt; its warnings say unconfirmed"
        ),
        todo=Words("安排检查雨量筒；预警时先向看护员核实", "have the gauge looked at; ask the keeper when it warns"),
        over=Words("数据恢复正常", "its data are right again"),
        tells_why=True,
    ),
}
