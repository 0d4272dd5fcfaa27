// Reports that are not good, and what else may have fallen there.
//
// Answers: one line per report: what was counted, what surely fell (tips_min), what may have fallen (tips_max).
// Units: tips of the bucket; span_s in seconds. quality: 2 not evaluated, 3 suspect, 4 fail, 9 missing. step: 0 FIRST,
//   1 STEADY, 2 WRAPPED, 3 RESET, 4 GAP, 5 UNCONFIRMED, 6 VOID, 7 DEPLOYED, 9 VOIDED, 10 CORRECTED.
// Change: start, stop; to look at one station add `and r.station == "HTB01"` to the first filter.
// Traps: - The first report of a station (step 0) is a base line with no rain: quality 2, and nothing is wrong.
//        - A report after a gap (step 4) is whole as a sum; only its course in time is not known.
//        - step 6 and 9 stand with 0 tips: leave them out when you count reports.
//        - What a check says later replaces the point: ask again, do not keep the answer.
//        - pivot() comes before group(): fields of whole numbers and of fractions in one table end in "schema collision".
import "date"

start = -30d
stop = now()

from(bucket: "rain")
    |> range(start: date.add(d: 1ns, to: start), stop: date.add(d: 1ns, to: stop))
    |> filter(fn: (r) => r._measurement == "rain")
    // Compared one by one, so that InfluxDB need not hand over the other fields.
    |> filter(
        fn: (r) =>
            r._field == "quality" or r._field == "step" or r._field == "tips" or r._field == "tips_min"
                or r._field == "tips_max" or r._field == "span_s",
    )
    |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
    |> filter(fn: (r) => r.quality != 1)
    |> keep(columns: ["_time", "station", "tips", "tips_min", "tips_max", "quality", "step", "span_s"])
    |> group()
    |> sort(columns: ["_time", "station"])
