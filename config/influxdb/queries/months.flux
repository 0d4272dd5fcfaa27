// Rain of each calendar month, of every station, made of days from 08:00 to 08:00 Beijing time.
//
// Answers: one line per station and month. `month_end` is 08:00 on the first of the next month, Beijing time; `coverage`
//   is the mean over the days that are there, `days` how many those are.
// Units: mm; coverage 0 to 1.
// Change: start and stop, both at 08:00 Beijing time on the first of a month.
// Traps: - The last day of a month ends on the first of the next at 08:00, and is stamped so: times are moved back by 1 ns
//          before months are cut.
//        - A month with days of little coverage is a lower bound.
//        - corrected_mm equals rain_mm at stations without a calibration.
import "date"
import "timezone"

option location = timezone.fixed(offset: 8h)

start = 2026-01-01T08:00:00+08:00
stop = 2027-01-01T08:00:00+08:00

from(bucket: "rain_daily")
    |> range(start: date.add(d: 1ns, to: start), stop: date.add(d: 1ns, to: stop))
    |> filter(fn: (r) => r._measurement == "rain_daily")
    |> filter(fn: (r) => contains(value: r._field, set: ["rain_mm", "corrected_mm", "coverage"]))
    |> timeShift(duration: -1ns)
    |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
    |> window(every: 1mo, offset: 8h)
    |> reduce(
        identity: {rain_mm: 0.0, corrected_mm: 0.0, covered: 0.0, days: 0},
        fn: (r, accumulator) => ({
            rain_mm: accumulator.rain_mm + r.rain_mm,
            corrected_mm: accumulator.corrected_mm + r.corrected_mm,
            covered: accumulator.covered + r.coverage,
            days: accumulator.days + 1,
        }),
    )
    |> map(
        fn: (r) => ({
            station: r.station,
            month_end: r._stop,
            rain_mm: r.rain_mm,
            corrected_mm: r.corrected_mm,
            coverage: r.covered / float(v: r.days),
            days: r.days,
        }),
    )
    |> group()
    |> sort(columns: ["station", "month_end"])
