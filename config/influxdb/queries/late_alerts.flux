// Alerts on late rain: told long after it had fallen, because the report came late.
//
// Answers: one line per rise of an alert that we knew of more than `later` after the rain.
// Units: minutes from the end of the rain that decided until we knew.
// Change: start, stop, later.
// Traps: - When each READING was received is not in InfluxDB, only when it was observed: `gauge-ingest readings STATION
//          --since 24h` shows both. Late rain that reached no threshold does not show here.
//        - `late` is set by the rule's late_after_s (30 minutes unless set); `later` looks at the times themselves.
start = -30d
stop = now()
later = 30m

from(bucket: "rain_alerts")
    |> range(start: start, stop: stop)
    |> filter(fn: (r) => r._measurement == "alert")
    |> filter(fn: (r) => contains(value: r._field, set: ["alert_id", "event_id", "kind", "level", "known_at", "late"]))
    |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
    |> filter(fn: (r) => r.kind == "raised" or r.kind == "strengthened")
    |> map(fn: (r) => ({r with known: time(v: r.known_at * 1000000), behind: r.known_at * 1000000 - int(v: r._time)}))
    |> filter(fn: (r) => r.behind > int(v: later))
    |> map(fn: (r) => ({r with minutes: r.behind / 60000000000}))
    |> keep(columns: ["_time", "known", "minutes", "alert_id", "event_id", "rule", "scope", "kind", "level", "late"])
    |> group()
    |> sort(columns: ["event_id"])
