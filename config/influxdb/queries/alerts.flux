// Alerts of a week: what was told, when, on how much rain, what was said of it and who acknowledged it.
//
// Answers: one line per event, in the order in which they were told.
// Units: mm in window_s seconds against threshold_mm; `told` is when it was recorded to be told.
// Change: start, stop: by the rain, not by the telling. Two rules watch the same station: add `and r.rule == "flash_flood"`.
// Traps: - What is not said is no field: level is missing at the end of an alert, who in what the service tells by itself,
//          rain_mm in findings about the service. Never write empty texts into this bucket yourself: InfluxDB 2.8 answers
//          Flux with the text of one point at another.
//        - Stamps are the rain's (`rained_at`), with the number of the event below the millisecond. An acknowledgement is
//          stamped with the rain of its alert as well; `told` is when it was given.
//        - pivot() comes before group(): texts, numbers and truths in one table end in "schema collision".
import "date"

start = -7d
stop = now()

from(bucket: "rain_alerts")
    |> range(start: start, stop: stop)
    |> filter(fn: (r) => r._measurement == "alert")
    |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
    |> map(fn: (r) => ({r with told: time(v: r.at * 1000000)}))
    |> keep(
        columns: [
            "_time",
            "told",
            "alert_id",
            "event_id",
            "rule",
            "scope",
            "kind",
            "level",
            "window_s",
            "rain_mm",
            "threshold_mm",
            "who",
            "reason",
        ],
    )
    |> group()
    |> sort(columns: ["event_id"])
