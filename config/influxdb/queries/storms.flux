// Storms of every station: rain without a pause longer than `pause`.
//
// Answers: one line per storm: when its first and its last wet report ended, how much fell, the wettest single report.
// Units: mm, as counted; minutes from the first to the last wet report.
// Change: start, stop, pause, least_mm (smaller storms are left out).
// Traps: - Times are ends of intervals: it may have begun to rain a report earlier.
//        - A gap in the reports is a pause as well. Rain of the gap comes with the report behind it, in one sum: see step 4
//          in not_good.flux.
//        - A storm across `start` is cut in two.
import "date"

start = -30d
stop = now()
pause = 6h
least_mm = 1.0

from(bucket: "rain")
    |> range(start: date.add(d: 1ns, to: start), stop: date.add(d: 1ns, to: stop))
    |> filter(fn: (r) => r._measurement == "rain" and r._field == "rain_mm" and r._value > 0.0)
    |> keep(columns: ["_time", "station", "_value"])
    |> map(fn: (r) => ({r with at: int(v: r._time)}))
    // Nanoseconds since the wet report before; the first has none before it.
    |> duplicate(column: "at", as: "since_before")
    |> difference(columns: ["since_before"], keepFirst: true)
    |> map(fn: (r) => ({r with storm: if exists r.since_before and r.since_before > int(v: pause) then 1 else 0}))
    |> cumulativeSum(columns: ["storm"])
    |> group(columns: ["station", "storm"])
    |> reduce(
        identity: {first_at: 0, last_at: 0, rain_mm: 0.0, wettest_report_mm: 0.0},
        fn: (r, accumulator) => ({
            first_at: if accumulator.first_at == 0 then r.at else accumulator.first_at,
            last_at: r.at,
            rain_mm: accumulator.rain_mm + r._value,
            wettest_report_mm: if r._value > accumulator.wettest_report_mm then r._value else accumulator.wettest_report_mm,
        }),
    )
    |> filter(fn: (r) => r.rain_mm >= least_mm)
    |> map(
        fn: (r) => ({
            station: r.station,
            first: time(v: r.first_at),
            last: time(v: r.last_at),
            minutes: (r.last_at - r.first_at) / 60000000000,
            rain_mm: r.rain_mm,
            wettest_report_mm: r.wettest_report_mm,
        }),
    )
    |> group()
    |> sort(columns: ["station", "first"])
