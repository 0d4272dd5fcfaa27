"""What stands in a platform's tables, on a real PostgreSQL and a real MariaDB: the same in both.

Goal: a row says what was measured, follows every correction, and nothing else of the platform is touched. Method: each
test has a database of its own on a server of each kind, made by its owner as a platform would have made it.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

import pytest

from gauge_ingest.core.model import HOUR_MS, MINUTE_MS, Flag
from gauge_ingest.core.platform import PlatformStation
from gauge_ingest.stores import StoreRejected, StoreUnavailable
from gauge_ingest.stores.sl323 import tables
from tests.edges.exported import (
    AT,
    EIGHT,
    RAIN,
    STCD,
    day,
    missing,
    platform_tables,
    rain_of,
    store_of,
    total,
)
from tests.edges.influx_server import station
from tests.edges.sql_servers import Database, MariaDb, Postgres, Server, running


@pytest.fixture(scope="module", params=[Postgres, MariaDb], ids=["postgresql", "mariadb"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with running(request.param) as one:
        yield one


@pytest.fixture
def database(server: Server) -> Database:
    return platform_tables(server.database())


def test_an_hour_and_its_day_stand_in_one_row_whichever_comes_first(database: Database) -> None:
    store = store_of(database.settings())
    store.prepare()

    store.write([day(12.3), total(), total(2.0, until=EIGHT)])
    store.write([day(14.5)])

    assert rain_of(database, "DRP, INTV, PDR, DYP, WTH, MPCD") == {
        "07-15 18:00": ("1.5", "1.00", None, None, None, "theirs"),
        "07-16 08:00": ("2.0", "1.00", None, "14.5", None, "theirs"),
    }


def test_five_minutes_are_0_05_hours_and_end_at_tm(database: Database) -> None:
    store = store_of(database.settings(step="5m"))

    store.write([total(0.5, until=AT + 5 * MINUTE_MS, step_ms=5 * MINUTE_MS)])

    assert rain_of(database) == {"07-15 18:05": ("0.5", "0.05", None)}


def test_the_same_windows_again_change_no_row(database: Database) -> None:
    # PostgreSQL tells by xmin whether a row was written; MariaDB moves such a column only when a value changes.
    seen = "xmin" if database.scheme == "postgresql" else "LMT"
    if seen == "LMT":
        database.execute("ALTER TABLE ST_PPTN_R ADD LMT TIMESTAMP(6) DEFAULT NOW(6) ON UPDATE NOW(6)")
    store = store_of(database.settings())
    windows = [total(number, until=AT + number * HOUR_MS) for number in range(9)] + [day(12.3), missing(until=EIGHT)]
    store.write(windows)
    before = rain_of(database, f"DRP, INTV, DYP, {seen}")

    store.write(windows[::-1])

    assert len(before) == 10
    assert before["07-16 08:00"][:3] == (None, None, "12.3")
    assert rain_of(database, f"DRP, INTV, DYP, {seen}") == before


def test_a_correction_changes_its_row_and_no_column_of_others(database: Database) -> None:
    store = store_of(database.settings())
    store.write([total(), total(2.0, until=AT + HOUR_MS)])
    database.execute("UPDATE ST_PPTN_R SET WTH = '7', PDR = 0.40, MPCD = 'seen'")

    store.write([total(9.5)])

    assert rain_of(database, "DRP, INTV, PDR, DYP, WTH, MPCD") == {
        "07-15 18:00": ("9.5", "1.00", "0.40", None, "7", "seen"),
        "07-15 19:00": ("2.0", "1.00", "0.40", None, "7", "seen"),
    }


def test_rain_that_is_taken_back_leaves_nothing_known_and_not_0(database: Database) -> None:
    store = store_of(database.settings())
    store.write([total(until=EIGHT), day(12.3)])

    store.write([missing(until=EIGHT), missing()])
    hour_gone = rain_of(database)
    store.write([day(0.0, coverage=0.1)])

    assert hour_gone == {"07-16 08:00": (None, None, "12.3")}
    assert rain_of(database) == {"07-16 08:00": (None, None, None)}


def test_a_window_without_a_report_makes_no_row_and_a_dry_one_that_is_covered_does(database: Database) -> None:
    store = store_of(database.settings())

    store.write(
        [
            missing(),
            missing(until=AT + HOUR_MS, coverage=1.0),  # within a gap: its rain is told where the gap ends
            total(0.0, until=AT + 2 * HOUR_MS, coverage=0.79),
            total(0.0, until=AT + 3 * HOUR_MS, coverage=0.8),
            total(4.5, until=AT + 4 * HOUR_MS, coverage=0.1),
        ]
    )

    assert rain_of(database) == {"07-15 21:00": ("0.0", "1.00", None), "07-15 22:00": ("4.5", "1.00", None)}


def test_half_an_hour_is_not_told_for_an_hour(database: Database) -> None:
    running_at, settings = AT - 20 * MINUTE_MS, database.settings()
    now = [running_at]
    store = store_of(settings)
    store._now = lambda: now[0]

    store.write([total(6.0, coverage=0.66)])
    while_it_runs = rain_of(database)
    now[0] = AT + 9 * MINUTE_MS
    store.write([])
    while_reports_may_come = rain_of(database)
    now[0] = AT + 10 * MINUTE_MS
    store.write([])

    assert while_it_runs == while_reports_may_come == {}
    assert rain_of(database) == {"07-15 18:00": ("6.0", "1.00", None)}
    assert not store._running


def test_a_window_has_ended_when_reports_speak_for_all_of_it_whatever_the_clock_says(database: Database) -> None:
    store = store_of(database.settings(), now=AT - 2 * MINUTE_MS)

    store.write([total(6.0, coverage=0.5)])
    store.write([total(7.5, coverage=1.0)])

    assert rain_of(database) == {"07-15 18:00": ("7.5", "1.00", None)}
    assert not store._running


def test_a_station_without_a_code_is_not_written(database: Database) -> None:
    store = store_of(database.settings(), HTB01=station(), HTB02=station("HTB02"))
    store.prepare()

    store.write([total()._replace(station="HTB02"), total()])

    assert list(rain_of(database)) == ["07-15 18:00"]
    assert len(database.rows("SELECT 1 FROM ST_STBPRP_B")) == 1


def test_corrected_rain_is_told_where_it_is_asked_for(database: Database) -> None:
    store_of(database.settings(rain="corrected")).write([total(10.0)])

    assert rain_of(database) == {"07-15 18:00": ("11.0", "1.00", None)}


@pytest.mark.parametrize(("withheld", "rows"), [(False, 1), (True, 0)])
def test_rain_that_failed_a_check_waits_for_a_person_where_it_is_asked_for(
    database: Database, *, withheld: bool, rows: int
) -> None:
    store_of(database.settings(withhold_failed=withheld)).write([total(30.0, flag=Flag.FAIL)])

    assert len(rain_of(database)) == rows


# --- tables that differ ------------------------------------------------------------------------------------------


def test_a_wider_column_takes_more_digits_and_larger_values(server: Server) -> None:
    wider = RAIN.replace("DRP DECIMAL(5,1)", "DRP DECIMAL(8,2)").replace("CHAR(8)", "CHAR(20)")
    database = platform_tables(server.database(), rain=wider)

    store_of(database.settings()).write([total(0.254), total(123_456.75, until=AT + HOUR_MS)])

    drp = [found[0] for found in rain_of(database).values()]
    assert drp in (["0.25", "123456.75"], ["0.26", "123456.75"])


def test_a_table_with_a_number_of_its_own_as_key_needs_but_a_unique_index(server: Server) -> None:
    number = "SERIAL" if server.scheme == "postgresql" else "INT AUTO_INCREMENT"
    own = RAIN.replace("(STCD CHAR", f"(ID {number} PRIMARY KEY, STCD CHAR").replace(
        "PRIMARY KEY (STCD", "UNIQUE (STCD"
    )
    database = platform_tables(server.database(), rain=own)
    if server.scheme == "postgresql":
        database.allow("USAGE", "SEQUENCE st_pptn_r_id_seq")
    store = store_of(database.settings())

    store.write([total()])
    store.write([total(2.0), total(3.0, until=AT + HOUR_MS)])

    assert [drp for drp, _ in rain_of(database, "DRP, INTV").values()] == ["2.0", "3.0"]


def test_a_value_that_does_not_fit_is_refused_alone_and_never_cut(database: Database) -> None:
    store = store_of(database.settings())

    with pytest.raises(StoreRejected) as rejected:
        store.write([total(10_000.0), total(9_999.9, until=AT + HOUR_MS)])

    assert [(one.item, one.reason.split(":")[0]) for one in rejected.value.refused] == [
        (total(10_000.0), "DRP = 10000.0 mm does not fit into its column, which holds 9999.9 at most")
    ]
    assert rain_of(database) == {"07-15 19:00": ("9999.9", "1.00", None)}


def test_numbers_without_digits_and_times_that_know_zones_are_told_the_same_rain(server: Server) -> None:
    is_postgres = server.scheme == "postgresql"
    time = "TIMESTAMP WITH TIME ZONE" if is_postgres else "TIMESTAMP"
    database = platform_tables(
        server.database(), rain=RAIN.replace("DRP DECIMAL(5,1)", "DRP DOUBLE PRECISION"), time=time
    )

    store_of(database.settings()).write([total()])
    store_of(database.settings()).write([total(2.5)])

    # Both servers have their own clocks in Greenwich.
    unix = "EXTRACT(EPOCH FROM TM)" if is_postgres else "UNIX_TIMESTAMP(TM)"
    assert [(int(at), float(mm)) for at, mm in database.rows(f"SELECT {unix}, DRP FROM ST_PPTN_R")] == [  # noqa: S608
        (AT // 1000, 2.5)
    ]


def test_tables_are_made_where_it_is_asked_for_and_hold_chinese_names(server: Server) -> None:
    database = server.database().open_to_all()
    place = PlatformStation(STCD, "呼图壁河", "内陆河", "天山北麓诸河", "新疆昌吉州呼图壁县石门𠮷", "652323")

    for _ in range(2):
        store = store_of(database.settings(create_tables=True), on_platform=place)
        store.prepare()
        store.write([total()])

    assert database.rows("SELECT * FROM ST_STBPRP_B") == [
        (
            STCD,
            "石门",
            place.river,
            place.hydrographic_net,
            place.basin,
            Decimal("86.57"),
            Decimal("43.75"),
            place.location,
            "652323",
            "PP",
        )
    ]
    assert rain_of(database, "DRP, INTV, PDR, DYP, WTH") == {"07-15 18:00": ("1.5", "1.00", None, None, None)}


def test_a_station_that_the_platform_has_is_left_as_it_is_unless_it_is_to_be_written(database: Database) -> None:
    theirs = f"'{STCD}', '旧名', '水系', 'c'"
    database.execute(f"INSERT INTO ST_STBPRP_B (STCD, STNM, HNNM, COMMENTS) VALUES ({theirs})")  # noqa: S608

    store_of(database.settings()).prepare()
    added = database.rows("SELECT STNM, RVNM, HNNM, STTP, COMMENTS FROM ST_STBPRP_B")
    store_of(database.settings(station_rows="write")).prepare()

    assert added == [("旧名", None, "水系", None, "c")]
    written = database.rows("SELECT STNM, RVNM, HNNM, STTP, COMMENTS FROM ST_STBPRP_B")
    assert written == [("石门", "呼图壁河", "水系", "PP", "c")]


def test_a_name_that_is_too_long_is_cut_and_does_not_hold_up_the_rain(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    long = replace(station(), name="石" * 40)
    store = store_of(database.settings(), HTB01=long)
    store.prepare()

    store.write([total()])

    assert database.rows("SELECT STNM FROM ST_STBPRP_B") == [("石" * 30,)]
    assert "station=HTB01 column=STNM characters=30" in caplog.text
    assert rain_of(database)


def test_the_list_of_stations_may_be_left_alone(server: Server) -> None:
    database = platform_tables(server.database())
    database.execute("DROP TABLE ST_STBPRP_B")
    store = store_of(database.settings(station_rows="off"))
    store.prepare()

    store.write([total()])

    assert rain_of(database)


# --- rows that are refused ---------------------------------------------------------------------------------------


def test_of_a_batch_the_refused_rows_alone_are_set_aside(database: Database) -> None:
    database.execute("ALTER TABLE ST_PPTN_R ADD CONSTRAINT plausible CHECK (DRP < 50)")
    windows = [total(60.0 if number in (3, 17) else 1.0, until=AT + number * HOUR_MS) for number in range(40)]
    store = store_of(database.settings(batch_rows_max=16))

    with pytest.raises(StoreRejected) as rejected:
        store.write(windows)

    assert [one.item for one in rejected.value.refused] == [windows[3], windows[17]]
    assert all("plausible" in one.reason for one in rejected.value.refused)
    assert len(rain_of(database)) == 38


def test_when_most_rows_are_refused_it_is_not_the_rows(database: Database) -> None:
    database.execute("ALTER TABLE ST_PPTN_R ADD CONSTRAINT plausible CHECK (DRP < 0.5)")
    store = store_of(database.settings())

    with pytest.raises(StoreUnavailable, match=r"refuses 40 rows of one batch of 40, .*plausible.*: mend it there"):
        store.write([total(until=AT + number * HOUR_MS) for number in range(40)])
    with pytest.raises(StoreUnavailable, match="refuses more than 100 rows"):
        store.write([total(until=AT + number * HOUR_MS) for number in range(300)])


def test_where_a_database_has_no_upsert_update_and_insert_do_the_same(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "ON_CONFLICT", ())
    monkeypatch.setattr(tables, "ON_DUPLICATE_KEY", ())
    store = store_of(database.settings())

    for _ in range(2):
        store.write([total(), total(2.0, until=EIGHT), day(12.3)])
    store.write([total(3.5), missing(until=EIGHT)])

    assert rain_of(database, "DRP, INTV, DYP, MPCD") == {
        "07-15 18:00": ("3.5", "1.00", None, "theirs"),
        "07-16 08:00": (None, None, "12.3", "theirs"),
    }
