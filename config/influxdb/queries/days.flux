// Rain of each day, 08:00 to 08:00 Beijing time, of every station.
//
// Answers: one line per station and day. `_time` is the END of the day: rain of 14 July stands at 15 July 08:00.
// Units: rain_mm and corrected_mm in mm; coverage is the share of the day that reports speak for, 0 to 1; quality is the
//   flag of the worst report: 1 good, 2 not evaluated, 3 suspect, 4 fail, 9 missing.
// Change: start and stop: a time such as 2026-07-01T08:00:00+08:00, or a length back from now such as -30d.
// Traps: - A day without any report has 0 mm and coverage 0, quality 9: that is "unknown", not "dry". Look at coverage.
//        - The day that is not over yet stands there too, with what has come so far.
//        - Times are shown in UTC unless the reader converts them: 00:00:00Z is 08:00 in Beijing.
import "date"

start = -30d
stop = now()

from(bucket: "rain_daily")
    // Stamps are ends: a point at `start` belongs to the day before it, one at `stop` is asked for.
    |> range(start: date.add(d: 1ns, to: start), stop: date.add(d: 1ns, to: stop))
    |> filter(fn: (r) => r._measurement == "rain_daily")
    |> filter(fn: (r) => contains(value: r._field, set: ["rain_mm", "corrected_mm", "coverage", "quality"]))
    |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
    |> keep(columns: ["_time", "station", "rain_mm", "corrected_mm", "coverage", "quality"])
    |> group()
    |> sort(columns: ["station", "_time"])
