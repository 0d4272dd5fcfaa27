"""Sentences of reasons in both languages, by kind: why something was found at a station or the service, or has ended.

What another program said (the field `error`) stands in the English sentence alone: it is English.
"""

from collections.abc import Mapping

from gauge_ingest.core.actions import Words

_STATIONS = {
    "never_heard": Words(
        "从未收到过该站数据：设备是否运行，站号和密码是否正确？",
        "never heard: does it run, does it know its id and its password?",
    ),
    "not_heard": Words(
        "自 {heard_at} 起没有数据，正常每{every_s}报一次：查通信、电池、终端；补报之前那里的雨量不明",
        "nothing heard since {heard_at}, it reports every {every_s}: look at link, battery and modem. Its rain is not"
        " known until it has sent it",
    ),
    "heard_again": Words("自 {since_at} 起恢复来报", "heard again since {since_at}"),
    "told_as_one": Words("多站同时失联，已合并为一条通知", "told as one with the others: network_silent"),
    "network_silent": Words(
        "{known} 个站中有 {silent} 个没有数据（{stations}）：先查移动网络和消息服务器，再查单个测站",
        "{silent} of {known} stations say nothing ({stations}): look at the mobile network and at the broker before you"
        " look at a station",
    ),
    "network_silent_more": Words(
        "{known} 个站中有 {silent} 个没有数据（{stations} 等）：先查移动网络和消息服务器，再查单个测站",
        "{silent} of {known} stations say nothing ({stations} and others): look at the mobile network and at the broker"
        " before you look at a station",
    ),
    "network_heard": Words("{known} 个站中有 {heard} 个来报", "{heard} of {known} stations are heard"),
    "battery_low": Words(
        "最近一天最低 {lowest_v:.1f} V（限值 {limit_v:g} V）：太阳能板是否干净、无遮挡、无积雪、已接好？",
        "{lowest_v:.1f} V at the lowest of the last day (limit {limit_v:g} V): is the panel clean, free of shade and"
        " snow, connected?",
    ),
    "battery_very_low": Words(
        "最近一天最低 {lowest_v:.1f} V（限值 {limit_v:g} V）：任何一夜都可能停报",
        "{lowest_v:.1f} V at the lowest of the last day (limit {limit_v:g} V): it may stop any night",
    ),
    "battery_right": Words("最近一天最低 {lowest_v:.1f} V", "{lowest_v:.1f} V at the lowest of the last day"),
    "clock_ahead": Words(
        "时钟快 {minutes_min} 分钟，雨量时间偏晚：请校时",
        "its clock is {minutes_min} min ahead, so its rain is dated too late: set the clock",
    ),
    "clock_behind": Words(
        "时钟慢 {minutes_min} 分钟，雨量时间偏早：请校时",
        "its clock is {minutes_min} min behind, so its rain is dated too early: set the clock",
    ),
    "clock_right": Words("时钟误差在 {off_s:.0f} 秒以内", "its clock is right to {off_s:.0f} s"),
    "door_open": Words(
        "箱门已开{longer_s}以上：请问清谁在现场；雨水可能进入设备",
        "its box has been open for more than {longer_s}: ask who is there; rain may get into the logger",
    ),
    "door_closed": Words("箱门已关", "the box is closed"),
    "data_suspect": Words(
        "最近一天 {doubted_share:.0%} 的读数可疑：gauge-ingest readings {station}",
        "{doubted_share:.0%} of the readings of the last day are in doubt: gauge-ingest readings {station}",
    ),
    "data_right": Words("最近一天可疑的占 {share}", "{share} of the last day is in doubt"),
    "station_gone": Words("该站已不在站网配置中", "the station is no longer configured"),
    "not_watched": Words("不再监视此项", "no longer watched for"),
}
_DANGER = {
    "silent_in_rain": Words(
        "大雨中失联：自 {heard_at} 起没有数据，正常每{every_s}报一次；最近{window_s}周边雨量：{around}。"
        "该站失联前{window_s}雨量 {last_mm:.1f} mm。现在那里下多大无人知道：请问现场的人",
        "SILENT IN HEAVY RAIN: nothing heard since {heard_at}, it reports every {every_s}, while in the last {window_s}"
        " there fell: {around}. Its own last rain: {last_mm:.1f} mm in {window_s} until then. Nobody knows what falls"
        " there: ask people on the spot",
    ),
    "silent_in_rain_own_unknown": Words(
        "大雨中失联：自 {heard_at} 起没有数据，正常每{every_s}报一次；最近{window_s}周边雨量：{around}。"
        "该站失联前雨量不明。现在那里下多大无人知道：请问现场的人",
        "SILENT IN HEAVY RAIN: nothing heard since {heard_at}, it reports every {every_s}, while in the last {window_s}"
        " there fell: {around}. Its own last rain: not known. Nobody knows what falls there: ask people on the spot",
    ),
    "not_so_hard": Words(
        "后到或订正后的数据表明，截至 {until_at} 的{window_s}内周边雨没有那么大：{around}",
        "readings that came later, or were corrected, show that it did not rain so hard around it in the {window_s}"
        " until {until_at}: {around}",
    ),
    "nobody_tells": Words(
        "后到或订正后的数据表明，截至 {until_at} 的{window_s}内周边没有站报大雨",
        "readings that came later, or were corrected, show that it did not rain so hard around it in the {window_s}"
        " until {until_at}: nobody tells",
    ),
    "still_silent": Words(
        "该站仍失联，周边无雨；{lapse_s} 后情况仍不明，不等于解除",
        "still silent, and dry around it; after {lapse_s} nobody knows. No all-clear",
    ),
    "back_and_told": Words(
        "自 {since_at} 起恢复来报，并已补报失联期间雨量：{rain_mm:.1f} mm",
        "heard again since {since_at}, and it has told of its time away: {rain_mm:.1f} mm fell there",
    ),
    "back_and_dry": Words(
        "自 {since_at} 起恢复来报，周边已{quiet_s}无雨；失联期间那里的雨量不明",
        "heard again since {since_at}, and dry around it for {quiet_s}. What fell there while it was away is not known",
    ),
    "danger_not_watched": Words("不再监视雨中失联", "danger in silence is no longer watched for"),
}
_SERVICE = {
    "disk_low": Words(
        "日志所在磁盘剩余 {free_gb:.1f} GB（限值 {limit_gb:.1f} GB）：写满后不再接收，数据留在测站；请清理",
        "{free_gb:.1f} GB free where the journal is (limit {limit_gb:.1f} GB): when it is full nothing is taken any"
        " more, and stations keep their reports. Make room",
    ),
    "disk_room": Words("日志所在磁盘剩余 {free_gb:.1f} GB", "{free_gb:.1f} GB free where the journal is"),
    "store_behind": Words(
        "{store} 滞后：{since_at} 收到的数据仍未送出；数据不会丢，修好后补送",
        "{store} is behind: what was received at {since_at} still waits to be sent. Nothing is lost, it is sent when"
        " this is mended",
    ),
    "store_behind_error": Words(
        "{store} 滞后：{since_at} 收到的数据仍未送出；数据不会丢，修好后补送",
        "{store} is behind: what was received at {since_at} still waits to be sent: {error}. Nothing is lost, it is"
        " sent when this is mended",
    ),
    "all_sent": Words("数据已全部或基本送出", "everything is sent, or nearly"),
    "outbound_gone": Words(
        "发送程序自 {since_at} 起没有运行：预警只有记录，没有送达任何人；请看运行日志，现有预警见 gauge-ingest alerts",
        "the outbound process has not run since {since_at}: alerts are recorded and reach NOBODY. Look at the log;"
        " gauge-ingest alerts shows what stands",
    ),
    "outbound_runs": Words("发送程序运行中", "the outbound process runs"),
    "quarantine_growing": Words(
        "一小时内有超过 {entries_max} 条消息或读数无法入库：gauge-ingest quarantine list",
        "more than {entries_max} messages or readings of one hour could not be admitted: gauge-ingest quarantine list",
    ),
    "quarantine_quiet": Words("最近一小时 {entries} 条", "{entries} entries in the last hour"),
    "configuration_refused": Words(
        "磁盘上的配置文件有错（{where}），未被采用：用 gauge-ingest check 查看全部错误，改正后运行 gauge-ingest reload",
        "{error}. Mend it (gauge-ingest check has all mistakes), then gauge-ingest reload",
    ),
    "configuration_in_force": Words("磁盘上的配置已生效", "the configuration on disk is in force"),
    "not_connected": Words(
        "自 {since_at} 起连不上消息服务器：收不到雨情，不会有预警；恢复{settle_s}后才能判断哪些测站失联",
        "we are cut off: no connection to the broker since {since_at}. No rain arrives, no alert can rise, and no"
        " station's silence means anything until it is back and {settle_s} have passed",
    ),
    "connections_break": Words(
        "自 {since_at} 起与消息服务器的连接反复中断：收不到雨情，不会有预警；恢复{settle_s}后才能判断哪些测站失联",
        "we are cut off: connections to the broker do not last since {since_at}. No rain arrives, no alert can rise,"
        " and no station's silence means anything until it is back and {settle_s} have passed",
    ),
    "connected": Words("已连接，积压的数据已收完", "connected, and what had waited has come"),
    "session_lost": Words(
        "消息服务器忘记了我们的会话，已向测站确认的数据可能丢失；存疑时段 {since_at} 至 {until_at}",
        "the broker has forgotten our session: messages it had acknowledged to stations may be lost; in doubt is what"
        " was sent between {since_at} and {until_at}",
    ),
    "session_kept": Words("已重新连接，会话保存完好", "connected again, the session was kept"),
    "client_id_taken": Words(
        "连接刚建立就中断：是否有另一个程序也用连接名称 {session}？",
        "connections end right after they begin: does another client use the id of {session}?",
    ),
    "taken_over": Words("连接被另一个程序取代，本系统已停止", "{error}"),
    "steady": Words("连接已稳定一分钟", "connected for a minute"),
    "unknown_senders": Words(
        "今天未登记的发送者已发来超过 {messages_max} 条，超出部分只计数、不保存",
        "more than {messages_max} messages of unknown senders today; the rest is counted and not kept",
    ),
    "new_day": Words("新的一天，重新计数", "a new day: the quota is whole again"),
    "broken": Words("{what}：程序出错", "{what}: {error}\n{trace}"),
    "tried_again": Words("程序已重新启动或换用新配置，重新计算", "tried again with this start or configuration"),
    "said": Words("{words}", "{words}"),
}
# Why an alert goes a step further, and who is told now: every pair of the two is a sentence, such as ended_everybody.
_STEPS = {
    "nobody": Words("当时无人值班", "nobody is on duty"),
    "waited": Words("{waited_min:g}分钟无人确认", "nobody acknowledged within {waited_min:g} min"),
    "nobody_waited": Words(
        "当时无人值班，{waited_min:g}分钟无人确认",
        "nobody was on duty, nobody acknowledged within {waited_min:g} min",
    ),
    "ended": Words(
        "通知链已到头，{waited_min:g}分钟无人确认",
        "the chain has ended, nobody acknowledged within {waited_min:g} min",
    ),
    "nobody_ended": Words(
        "当时无人值班，通知链已到头，{waited_min:g}分钟无人确认",
        "nobody was on duty, the chain has ended, nobody acknowledged within {waited_min:g} min",
    ),
}
_TOLD_NOW = {
    "everybody": Words("已通知所有人", "everybody is told"),
    "one_too": Words("已加报{people}", "{people} is told too"),
    "some_too": Words("已加报{people}", "{people} are told too"),
    "many_too": Words("已加报{people}等，另有{more}人", "{people} and {more} more are told too"),
    "one_again": Words("已再次通知{people}", "{people} is told again"),
    "some_again": Words("已再次通知{people}", "{people} are told again"),
    "many_again": Words("已再次通知{people}等，另有{more}人", "{people} and {more} more are told again"),
}
_ESCALATED = {
    f"{why}_{who}": Words(f"{because.zh}，{told.zh}", f"{because.en}: {told.en}")
    for why, because in _STEPS.items()
    for who, told in _TOLD_NOW.items()
}
_REMINDED = {
    "silence_over": Words(
        "{scope} 的静默（编号 {silence}）已结束，预警仍有效",
        "the silence {silence} of {scope} is over: the alert still stands",
    ),
    "silence_not_now": Words(
        "按现在的时钟（{now_at}），{scope} 的静默（编号 {silence}）不在生效期，预警仍有效",
        "the silence {silence} of {scope} is not in force by the clock as it is now, {now_at}: the alert stands",
    ),
}
SENTENCES: Mapping[str, Words] = {**_STATIONS, **_DANGER, **_SERVICE, **_ESCALATED, **_REMINDED}
