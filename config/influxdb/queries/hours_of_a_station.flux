// The hyetograph of a station, and the line of what has fallen so far.
//
// Answers: two results. `hour`: rain of each hour. `so_far`: the sum since `start`. `_time` is the END of the hour.
// Units: mm in the hour; mm.
// Change: station, start, stop. In the Data Explorer choose the graph "Bar" for `hour`, "Line" for `so_far`.
// Traps: - An hour without any report is left out of `hour`: a gap, not 0. `so_far` goes on through it, and is then a
//          lower bound: what fell in the gap comes with the next report, unless the counter was lost.
//        - Sums of decimal fractions are not exact in their last digit: round what you show.
import "date"

station = "HTB01"
start = -2d
stop = now()

hours = from(bucket: "rain_hourly")
    |> range(start: date.add(d: 1ns, to: start), stop: date.add(d: 1ns, to: stop))
    |> filter(fn: (r) => r._measurement == "rain_hourly" and r.station == station)
    |> filter(fn: (r) => r._field == "rain_mm" or r._field == "coverage")
    |> pivot(rowKey: ["_time"], columnKey: ["_field"], valueColumn: "_value")
    |> filter(fn: (r) => r.coverage > 0.0 or r.rain_mm > 0.0)
    |> keep(columns: ["_time", "station", "rain_mm"])
    |> rename(columns: {rain_mm: "_value"})

hours
    |> yield(name: "hour")

hours
    |> cumulativeSum()
    |> yield(name: "so_far")
