// Hours that reports do not speak for, and how much of the time each station covers.
//
// Answers: two results. `hours`: one line per hour with less than the whole covered. `coverage`: the share per station.
// Units: coverage 0 to 1; `_time` is the END of the hour.
// Change: start, stop; below: only hours with less than this are listed.
// Traps: - Rain of an hour with coverage 0 is unknown, not 0; what fell comes with the next report, in one sum, unless the
//          counter was lost.
//        - The hour that is not over yet is covered in part.
//        - A station has no hours before its first and after its newest report: one that fell silent for good does not
//          show here. See silent_stations.flux.
import "date"

start = -7d
stop = now()
below = 0.99

covered = from(bucket: "rain_hourly")
    |> range(start: date.add(d: 1ns, to: start), stop: date.add(d: 1ns, to: stop))
    |> filter(fn: (r) => r._measurement == "rain_hourly" and r._field == "coverage")
    |> keep(columns: ["_time", "station", "_value"])

covered
    |> filter(fn: (r) => r._value < below)
    |> rename(columns: {_value: "coverage"})
    |> group()
    |> sort(columns: ["station", "_time"])
    |> yield(name: "hours")

covered
    |> mean()
    |> rename(columns: {_value: "coverage"})
    |> group()
    |> sort(columns: ["coverage"])
    |> yield(name: "coverage")
