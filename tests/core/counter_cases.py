"""What can happen to a counter: what a station sent, and what is rain of it."""

from gauge_ingest.core.model import Kind
from tests.core.counter_case import (
    DAY,
    NEVER_WRAPS,
    NEW_YEAR,
    P5,
    P10,
    Case,
    D,
    F,
    G,
    R,
    Reading,
    S,
    U,
    V,
    W,
    booted,
    exchanged_at,
    plain,
    sent,
)
from tests.worlds import station

WRAPS = [
    Case("a wrap", plain((0, 65_530), (5, 4), (10, 5)), [(F, 0), (W, 10), (S, 1)]),
    Case("a wrap to 0", plain((0, 65_535), (5, 0), (10, 0)), [(F, 0), (W, 1), (S, 0)]),
    Case("a wrap in a gap", plain((0, 65_530), (600, 90), (605, 91)), [(F, 0), (G, 96), (S, 1)]),
    Case(
        "a fall that as a wrap would be more than 100 mm began anew, or was a flood",
        plain((0, 60_000), (3 * DAY, 5), (3 * DAY + 5, 6), (3 * DAY + 10, 6)),
        [(F, 0), (R, (0, 5, 5_541)), (S, 1), (S, 0)],
    ),
    Case(
        "a wrong count that looks like a wrap, and comes back",
        plain((0, 65_500), (5, 3), (10, 65_501), (15, 65_502)),
        [(F, 0), (V, 0), (S, 1), (S, 1)],
    ),
    Case(
        "a wrong count that looks like a wrap is outvoted by three after the true one",
        plain((0, 9_990), (5, 12), (10, 3), (15, 4), (20, 4)),
        [(F, 0), (V, 0), (W, 13), (S, 1), (S, 0)],
        station(counter_modulus=10_000),
    ),
    Case(
        "a wrap, then a wrong count that looks like another one",
        plain((0, 9_990), (5, 12), (10, 3), (15, 12)),
        [(F, 0), (W, 22), (V, 0), (S, 0)],
        station(counter_modulus=10_000),
    ),
    Case(
        "a counter without modulus does not wrap",
        plain((0, 65_530), (5, 4), (10, 65_531)),
        [(F, 0), (V, 0), (S, 1)],
        NEVER_WRAPS,
    ),
    Case("a counter without modulus goes on", plain((0, 65_530), (5, 65_540)), [(F, 0), (S, 10)], NEVER_WRAPS),
]
RISES = [
    Case(
        "a wrong rise that comes back under one boot",
        booted(3, (0, 115), (5, 150), (10, 115), (15, 115)),
        [(F, 0), (V, 0), (S, 0), (S, 0)],
    ),
    Case(
        "a wrong rise among messages that number on",
        sent((0, 115, 7), (5, 150, 8), (10, 116, 9), (15, 118, 10)),
        [(F, 0), (V, 0), (S, 1), (S, 2)],
    ),
    Case(
        "a rise against one lower count, which may be the wrong one",
        booted(3, (0, 115), (5, 150), (10, 115)),
        [(F, 0), (S, 35), (U, (0, 0, P5))],
    ),
    Case(
        "a rise that goes on after a wrong count",
        booted(3, (0, 115), (5, 150), (10, 116), (15, 151)),
        [(F, 0), (S, 35), (V, 0), (S, 1)],
    ),
    Case(
        "a wrong rise after lost reports",
        booted(3, (0, 115), (60, 150), (65, 116), (70, 117)),
        [(F, 0), (V, 0), (G, 1), (S, 1)],
    ),
    Case(
        "a rise, and a restart that was told",
        [*booted(3, (0, 115), (5, 150)), *booted(4, (10, 3))],
        [(F, 0), (S, 35), (R, 3)],
    ),
    Case(
        "a rise, and a start that was told with a count saved before it: its rain stays",
        [*booted(3, (0, 1_000), (5, 1_050)), *booted(4, (10, 1_002), (15, 1_003), (20, 1_004))],
        [(F, 0), (S, 50), (R, (0, 0, P5)), (S, 1), (S, 1)],
    ),
    Case(
        "the same told by the numbers of messages",
        sent((0, 1_000, 7), (5, 1_050, 8), (10, 1_002, 0), (15, 1_003, 1), (20, 1_004, 2)),
        [(F, 0), (S, 50), (R, (0, 0, P5)), (S, 1), (S, 1)],
    ),
    Case(
        "a rise, and a restart that was not",
        plain((0, 9_000), (5, 9_035), (10, 3), (15, 4), (20, 4)),
        [(F, 0), (S, 35), (R, (0, 3, 3)), (S, 1), (S, 0)],
    ),
]
RESTARTS = [
    Case(
        "lost its count",
        [*booted(3, (0, 9_000)), *booted(4, (5, 7), (10, 9))],
        [(F, 0), (R, 7), (S, 2)],
    ),
    Case(
        "lost its count, numbers its messages anew as well",
        [Reading(0, 9_000, 3, 812), Reading(5, 7, 4, 0), Reading(10, 9, 4, 1)],
        [(F, 0), (R, 7), (S, 2)],
    ),
    Case(
        "lost its count, has no boot number, numbers its messages anew",
        sent((0, 9_000, 812), (5, 7, 1), (10, 9, 2)),
        [(F, 0), (R, 7), (S, 2)],
    ),
    Case(
        "lost its count, and its boot number stays",
        [Reading(0, 9_000, 3, 812), Reading(5, 7, 3, 0), Reading(10, 9, 3, 1)],
        [(F, 0), (R, 7), (S, 2)],
    ),
    Case(
        "numbers that go round are no restart where the count rises beyond what can fall",
        sent((0, 9_000, 65_535), (5, 9_002, 1)),
        [(F, 0), (S, 2)],
    ),
    Case(
        "a number that is a little less is no restart",
        sent((0, 9_000, 812), (5, 7, 811)),
        [(F, 0), (U, (0, 0, 7))],
    ),
    Case(
        "kept its count, which is more than can have fallen",
        [*booted(3, (0, 9_000)), *booted(4, (5, 9_002), (10, 9_002))],
        [(F, 0), (S, 2), (S, 0)],
    ),
    Case("kept its count in a gap", [*booted(3, (0, 9_000)), *booted(4, (60, 9_002))], [(F, 0), (G, 2)]),
    Case(
        "kept a low count, or began at 0 and has passed it",
        [*booted(3, (0, 20)), *booted(4, (5, 23), (10, 24))],
        [(F, 0), (R, (3, 3, 23)), (S, 1)],
    ),
    Case("a low count that did not move", [*booted(3, (0, 20)), *booted(4, (5, 20))], [(F, 0), (R, (0, 0, 20))]),
    Case("a count from 0 is the same either way", [*booted(3, (0, 0)), *booted(4, (5, 6))], [(F, 0), (R, 6)]),
    Case(
        "a count that could have fallen in the gap",
        [*booted(3, (0, 400)), *booted(4, (60, 460), (65, 461))],
        [(F, 0), (R, (60, 60, 460)), (S, 1)],
    ),
    Case(
        "kept its count and wrapped, or began at 0",
        [*booted(3, (0, 65_530)), *booted(4, (5, 4), (10, 5))],
        [(F, 0), (R, (4, 4, 10)), (S, 1)],
    ),
    Case(
        "began at 0: without modulus nothing else is possible",
        [*booted(3, (0, 65_530)), *booted(4, (5, 4), (10, 5))],
        [(F, 0), (R, 4), (S, 1)],
        NEVER_WRAPS,
    ),
    Case(
        "a wrong count at the start of a logger that kept its count",
        [*booted(3, (0, 9_000)), *booted(4, (5, 49), (10, 9_001), (15, 9_002))],
        [(F, 0), (V, 0), (S, 1), (S, 1)],
    ),
    Case(
        "a wrong count too high to have fallen at such a start",
        [*booted(3, (0, 9_000)), *booted(4, (5, 5_000), (10, 9_001))],
        [(F, 0), (V, 0), (S, 1)],
    ),
    Case(
        "a wrong count at the start of a logger that lost its count",
        [*booted(3, (0, 9_000)), *booted(4, (5, 49), (10, 3), (15, 4), (20, 4))],
        [(F, 0), (V, 0), (R, 3), (S, 1), (S, 0)],
    ),
    Case(
        "a restart to a figure that is neither",
        [*booted(3, (0, 9_000)), *booted(4, (5, 8_990), (10, 8_991), (15, 8_991), (20, 8_992))],
        [(F, 0), (R, (0, 0, P5)), (S, 1), (S, 0), (S, 1)],
    ),
    Case(
        "two restarts in a row",
        [*booted(3, (0, 9_000)), *booted(4, (5, 7)), *booted(5, (10, 2), (15, 2))],
        [(F, 0), (R, 7), (R, 2), (S, 0)],
    ),
]
NEW_YEARS = [
    Case(
        "at 08:00 on 1 January",
        plain((-5, 1_222), (0, 1_223), (5, 1), (10, 1), (15, 2)),
        [(F, 0), (S, 1), (R, 1), (S, 0), (S, 1)],
        begins_at=NEW_YEAR,
    ),
    Case(
        "at midnight, by a logger that says the same boot",
        booted(3, (-485, 1_222), (-480, 0), (-475, 0), (-470, 1)),
        [(F, 0), (R, 0), (S, 0), (S, 1)],
        begins_at=NEW_YEAR,
    ),
    Case(
        "while reports are missing: what fell before is not covered, what fell since is known",
        plain((-300, 1_222), (200, 30), (205, 31), (210, 31)),
        [(F, 0), (R, 30), (S, 1), (S, 0)],
        begins_at=NEW_YEAR,
    ),
    Case(
        "a wrong count at new year comes back like any other",
        plain((-5, 1_222), (0, 0), (5, 1_222)),
        [(F, 0), (V, 0), (S, 0)],
        begins_at=NEW_YEAR,
    ),
    *(
        Case(
            f"{hours} hours from new year, by a clock that is wrong",
            plain(*((60 * hours + minute, count) for minute, count in ((0, 1_222), (5, 1), (10, 1), (15, 2)))),
            [(F, 0), (R, 1), (S, 0), (S, 1)],
            begins_at=NEW_YEAR,
        )
        for hours in (-20, 20)
    ),
    Case(
        "two days after new year a fall is doubtful again",
        plain((2 * DAY, 1_222), (2 * DAY + 5, 1), (2 * DAY + 10, 1), (2 * DAY + 15, 2)),
        [(F, 0), (R, (0, 1, 1)), (S, 0), (S, 1)],
        begins_at=NEW_YEAR,
    ),
]
EXCHANGES = [
    Case("dated", plain((0, 9_000), (5, 17), (10, 18)), [(F, 0), (D, 0), (S, 1)], exchanged_at(3)),
    Case("dated, while reports are missing", plain((0, 9_000), (90, 17)), [(F, 0), (D, 0)], exchanged_at(60)),
    Case(
        "dated, with two counts in the first second",
        [*plain((0, 9_000)), Reading(5, 17), Reading(5, 18, kind=Kind.EVENT), *plain((10, 18))],
        [(F, 0), (V, 0), (D, 0), (S, 0)],
        exchanged_at(3),
    ),
    Case(
        "not dated, far higher: at most what can fall",
        plain((0, 100), (5, 30_000), (10, 30_001), (15, 30_001), (20, 30_002)),
        [(F, 0), (R, (0, 0, P5)), (S, 1), (S, 0), (S, 1)],
    ),
    Case(
        "not dated, lower than can have fallen since: at most what it shows",
        plain((0, 9_000), (5, 17), (10, 18), (15, 18), (20, 19)),
        [(F, 0), (R, (0, 17, 17)), (S, 1), (S, 0), (S, 1)],
    ),
    Case(
        "not dated, lower: at most what can fall",
        plain((0, 9_000), (5, 3_000), (10, 3_001), (15, 3_001), (20, 3_002)),
        [(F, 0), (R, (0, 0, P5)), (S, 1), (S, 0), (S, 1)],
    ),
]
WRONG_COUNTS = [
    Case("115, 49, 115", plain((0, 115), (5, 49), (10, 115), (15, 116)), [(F, 0), (V, 0), (S, 0), (S, 1)]),
    Case("115, 60000, 116", plain((0, 115), (5, 60_000), (10, 116)), [(F, 0), (V, 0), (S, 1)]),
    Case("two that differ", plain((0, 115), (5, 49), (10, 60_000), (15, 117)), [(F, 0), (V, 0), (V, 0), (G, 2)]),
    Case("two that agree", plain((0, 115), (4, 49), (8, 49), (12, 117)), [(F, 0), (V, 0), (V, 0), (S, 2)]),
    Case(
        "every second one",
        plain((0, 115), (5, 9), (10, 116), (15, 60_000), (20, 117), (25, 0), (30, 118)),
        [(F, 0), (V, 0), (S, 1), (V, 0), (S, 1), (V, 0), (S, 1)],
    ),
    Case(
        "one in a restart that waits to be confirmed",
        plain((0, 9_000), (5, 3), (10, 60_000), (15, 4), (20, 5), (25, 5)),
        [(F, 0), (V, 0), (V, 0), (R, (0, 4, 4)), (S, 1), (S, 0)],
    ),
    Case("the last one, low", plain((0, 115), (5, 49)), [(F, 0), (U, (0, 0, 49))]),
    Case("the last one, high", plain((0, 115), (5, 60_000)), [(F, 0), (U, (0, 0, P5))]),
    Case("the last one, after a gap", plain((0, 115), (10, 60_000)), [(F, 0), (U, (0, 0, P10))]),
    Case(
        "the first one, high: what follows is doubtful, and at most what it shows",
        plain((0, 60_000), (5, 50), (10, 51), (15, 51), (20, 52)),
        [(F, 0), (R, (0, 50, 50)), (S, 1), (S, 0), (S, 1)],
    ),
    Case(
        "the first one, low",
        plain((0, 5), (5, 4_000), (10, 4_001), (15, 4_001), (20, 4_002)),
        [(F, 0), (R, (0, 0, P5)), (S, 1), (S, 0), (S, 1)],
    ),
    Case(
        "the first one, beside a right one of the same second",
        plain((0, 115), (0, 60_000), (5, 116)),
        [(F, 0), (V, 0), (S, 1)],
    ),
]
LOST_REPORTS = [
    Case("the sum is known", plain((0, 100), (180, 160), (185, 161)), [(F, 0), (G, 60), (S, 1)]),
    Case("before a restart that was told", [*booted(3, (0, 9_000)), *booted(4, (180, 60))], [(F, 0), (R, 60)]),
    Case(
        "before a restart that was not",
        plain((0, 9_000), (180, 60), (185, 60), (190, 61)),
        [(F, 0), (R, (0, 60, 60)), (S, 0), (S, 1)],
    ),
]
BETWEEN = [
    Case(
        "a test in a wrap",
        [*plain((0, 65_530)), Reading(3, 9, kind=Kind.TEST), *plain((5, 4))],
        [(F, 0), (V, 0), (W, 10)],
    ),
    Case(
        "tests while a restart waits to be confirmed",
        [
            *plain((0, 9_000), (5, 3)),
            Reading(7, 60_000, kind=Kind.TEST),
            Reading(8, 9_001, kind=Kind.TEST),
            *plain((10, 3), (15, 4)),
        ],
        [(F, 0), (R, (0, 3, 3)), (V, 0), (V, 0), (S, 0), (S, 1)],
    ),
    Case(
        "two counts of one second in a wrap: the later one",
        plain((0, 65_530), (5, 2), (5, 65_534), (10, 3)),
        [(F, 0), (W, 8), (V, 0), (S, 1)],
    ),
    Case(
        "two counts after a wrap, of which one is beyond the next",
        plain((0, 65_530), (5, 2), (5, 40), (10, 3)),
        [(F, 0), (W, 8), (V, 0), (S, 1)],
    ),
    Case(
        "one before and one after a restart in the same second: neither is lost",
        [*booted(3, (0, 115)), Reading(5, 8, 4), Reading(5, 117, 3), *booted(4, (10, 9))],
        [(F, 0), (V, 0), (S, 2), (R, 9)],
    ),
    Case(
        "two counts while a restart waits: the one that goes on from it",
        plain((0, 9_000), (5, 49), (10, 50), (10, 9_500), (15, 51)),
        [(F, 0), (R, (0, 49, 49)), (S, 1), (V, 0), (S, 1)],
    ),
    Case(
        "two counts at the end while a restart waits",
        plain((0, 9_000), (5, 49), (10, 50), (10, 9_500)),
        [(F, 0), (U, (0, 0, 49)), (U, (0, 0, 1)), (V, 0)],
    ),
    Case(
        "two counts at the end, of which one cannot have fallen",
        plain((0, 100), (5, 103), (5, 300)),
        [(F, 0), (S, 3), (V, 0)],
    ),
]
# What docs/stations.md says that the counter cannot tell.
BLIND = [
    Case(
        "a low count that rises and falls may have begun anew: the rise is rain, and the fall is doubted",
        booted(3, (0, 15), (5, 50), (10, 16), (15, 17), (20, 18)),
        [(F, 0), (S, 35), (R, (0, 16, 16)), (S, 1), (S, 1)],
    ),
    Case(
        "a rise and a fall of a logger that says nothing of its starts: the rise is rain, and the fall is doubted",
        plain((0, 115), (5, 150), (10, 116), (15, 117), (20, 118)),
        [(F, 0), (S, 35), (R, (0, 0, P5)), (S, 1), (S, 1)],
    ),
    Case(
        "a wrong count that is told twice is rain, and the fall after it is doubted",
        booted(3, (0, 115), (5, 150), (10, 150), (15, 116), (20, 117), (25, 118)),
        [(F, 0), (S, 35), (S, 0), (R, (0, 0, P5)), (S, 1), (S, 1)],
    ),
    Case(
        "a wrong rise of two tips is rain, and the fall after it is doubted",
        booted(3, (0, 115), (5, 117), (10, 115), (15, 115), (20, 115)),
        [(F, 0), (S, 2), (R, (0, 0, P5)), (S, 0), (S, 0)],
    ),
    Case(
        "another gauge that is a little higher is rain", plain((0, 100), (5, 130), (10, 131)), [(F, 0), (S, 30), (S, 1)]
    ),
    Case(
        "a restart without a word that passes the old count at once is a wrong count",
        plain((0, 6), (5, 5), (10, 7)),
        [(F, 0), (V, 0), (S, 1)],
    ),
    Case(
        "a jump that stays and is slow enough by its third report is rain",
        plain((0, 127), (5, 300), (10, 300), (15, 301)),
        [(F, 0), (V, 0), (V, 0), (G, 174)],
    ),
    Case("once around to a higher count is the difference", plain((0, 5), (3 * DAY, 9)), [(F, 0), (G, 4)]),
]
KINDS = {
    "unseen": BLIND,
    "wrap": WRAPS,
    "rise": RISES,
    "restart": RESTARTS,
    "new year": NEW_YEARS,
    "another gauge": EXCHANGES,
    "wrong count": WRONG_COUNTS,
    "lost reports": LOST_REPORTS,
    "in between": BETWEEN,
}
