// Counted against corrected rain: how much the calibration adds, per station.
//
// Answers: one line per station: both sums, the difference, and the difference as a share of what was counted.
// Units: mm; the share 0.05 is five hundredths.
// Change: start and stop, both at 08:00 Beijing time.
// Traps: - Thresholds are about counted rain (rain_mm). For a water balance take corrected_mm.
//        - A station without a calibration has the same in both.
//        - The share grows with intensity: do not carry it over to another storm.
import "date"

start = -30d
stop = now()

from(bucket: "rain_daily")
    |> range(start: date.add(d: 1ns, to: start), stop: date.add(d: 1ns, to: stop))
    |> filter(fn: (r) => r._measurement == "rain_daily")
    |> filter(fn: (r) => r._field == "rain_mm" or r._field == "corrected_mm")
    |> sum()
    |> group(columns: ["station"])
    |> pivot(rowKey: ["station"], columnKey: ["_field"], valueColumn: "_value")
    |> map(
        fn: (r) => ({
            station: r.station,
            rain_mm: r.rain_mm,
            corrected_mm: r.corrected_mm,
            added_mm: r.corrected_mm - r.rain_mm,
            added_share: if r.rain_mm > 0.0 then (r.corrected_mm - r.rain_mm) / r.rain_mm else 0.0,
        }),
    )
    |> group()
    |> sort(columns: ["station"])
