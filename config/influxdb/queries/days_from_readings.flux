// Rain of each day, 08:00 to 08:00 Beijing time, added up from the readings: to check rain_daily, or without it.
//
// Answers: one line per station and day on which anything was reported; `_time` is the END of the day.
// Units: mm, as counted.
// Change: start and stop, both at 08:00 Beijing time, else the first and the last day are parts of days.
// Traps: - A reading is stamped with the END of its interval, and what is stamped 08:00:00 fell before 08:00. InfluxDB's
//          windows are [start, stop) and would put it into the next day: so every time is moved back by 1 ns first.
//        - A day without a reading is missing here; in rain_daily it stands with coverage 0.
//        - Sums of decimal fractions are not exact in their last digit (6.000000000000001): round what you show.
import "date"
import "timezone"

option location = timezone.fixed(offset: 8h)

start = 2026-07-01T08:00:00+08:00
stop = 2026-08-01T08:00:00+08:00

from(bucket: "rain")
    |> range(start: date.add(d: 1ns, to: start), stop: date.add(d: 1ns, to: stop))
    |> filter(fn: (r) => r._measurement == "rain" and r._field == "rain_mm")
    |> timeShift(duration: -1ns)
    |> aggregateWindow(every: 1d, offset: 8h, fn: sum, createEmpty: false)
    |> keep(columns: ["_time", "station", "_value"])
    |> rename(columns: {_value: "rain_mm"})
    |> group()
    |> sort(columns: ["station", "_time"])
