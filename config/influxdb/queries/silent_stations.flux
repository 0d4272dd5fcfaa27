// Stations that have been silent for longer than `silent_for`.
//
// Answers: one line per station, the longest silence first: the time of its newest report, and minutes since then.
// Units: minutes.
// Change: at: the moment to look from; silent_for; known_for: stations with a report within it are known at all.
// Traps: - A station that never reported, or none within known_for, cannot be found here: InfluxDB knows no list of
//          stations. `gauge-ingest stations` does.
//        - By the stations' clocks, and by what has been copied: while the copy is behind, everybody looks silent.
//          `gauge-ingest health` says whether it is.
import "date"

at = now()
silent_for = 1h
known_for = 30d

from(bucket: "rain")
    |> range(start: date.sub(d: known_for, from: at), stop: date.add(d: 1ns, to: at))
    |> filter(fn: (r) => r._measurement == "rain" and r._field == "tips")
    |> last()
    |> map(fn: (r) => ({station: r.station, newest: r._time, minutes: (int(v: at) - int(v: r._time)) / 60000000000}))
    |> filter(fn: (r) => r.minutes * 60000000000 > int(v: silent_for))
    |> group()
    |> sort(columns: ["minutes"], desc: true)
