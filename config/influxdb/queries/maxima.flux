// The most rain within 1, 3, 6, 12 and 24 hours of every station: moving sums, between start and stop.
//
// Answers: one line per station and duration; `_time` is the end of the window in which it fell.
// Units: mm, as counted.
// Change: start and stop: a day, a month. step: windows end at multiples of it. 5m for a day; for a month take 1h, which is
//   twelve times less work.
// Traps: - A step of 1h finds the wettest of clock hours, less than the wettest 60 minutes: with 5m at most 4 minutes of
//          rain are on the wrong side. `gauge-ingest alerts` says what the rules saw, which look after every report.
//        - Only rain between start and stop counts: a storm across start is cut in two.
//        - Readings are stamped with the end of their interval: times are moved back by 1 ns before windows are cut.
//        - A gap in the reports hides rain: see missing_hours.flux.
import "date"

start = -1d
stop = now()
step = 5m

steps = from(bucket: "rain")
    |> range(start: date.add(d: 1ns, to: start), stop: date.add(d: 1ns, to: stop))
    |> filter(fn: (r) => r._measurement == "rain" and r._field == "rain_mm")
    |> timeShift(duration: -1ns)
    // With every step there, also a dry one: a window that lies between two wet ones has an end of its own.
    |> aggregateWindow(every: step, fn: sum, timeSrc: "_start", createEmpty: true)
    |> fill(value: 0.0)

most = (hours, period) =>
    steps
        |> aggregateWindow(every: step, period: period, fn: sum, createEmpty: false)
        |> max()
        |> map(fn: (r) => ({station: r.station, hours: hours, rain_mm: r._value, _time: r._time}))

union(
    tables: [
        most(hours: 1, period: 1h),
        most(hours: 3, period: 3h),
        most(hours: 6, period: 6h),
        most(hours: 12, period: 12h),
        most(hours: 24, period: 24h),
    ],
)
    |> group()
    |> sort(columns: ["station", "hours"])
