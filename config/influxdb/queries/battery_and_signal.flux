// Battery and signal of every station, day by day, and how much they change.
//
// Answers: two results. `days`: the lowest voltage and the mean signal of each day. `change`: from the first day to the
//   last, per day.
// Units: V, dBm, V per day, dBm per day. A day here runs from 08:00 to 08:00 Beijing time; `_time` is its end.
// Change: start, stop.
// Traps: - A station that sends no voltage or no signal is missing there: there is no value for "unknown".
//        - The lowest of a day lies before sunrise: one at noon says nothing. A day that is not over may not have it yet.
//        - `change` is of two days only. A fault shows in the curve before it shows here.
import "date"
import "timezone"

option location = timezone.fixed(offset: 8h)

start = -14d
stop = now()

of = (field) =>
    from(bucket: "rain_stations")
        |> range(start: date.add(d: 1ns, to: start), stop: date.add(d: 1ns, to: stop))
        |> filter(fn: (r) => r._measurement == "station" and r._field == field)
        |> timeShift(duration: -1ns)

days = union(
    tables: [
        of(field: "battery_v") |> aggregateWindow(every: 1d, offset: 8h, fn: min, createEmpty: false),
        of(field: "signal_dbm") |> aggregateWindow(every: 1d, offset: 8h, fn: mean, createEmpty: false),
    ],
)
    |> keep(columns: ["_time", "station", "_field", "_value"])

days
    |> group(columns: ["station", "_field"])
    |> sort(columns: ["_time"])
    |> yield(name: "days")

days
    |> group(columns: ["station", "_field"])
    |> sort(columns: ["_time"])
    |> reduce(
        identity: {n: 0, first: 0.0, last: 0.0},
        fn: (r, accumulator) => ({
            n: accumulator.n + 1,
            first: if accumulator.n == 0 then r._value else accumulator.first,
            last: r._value,
        }),
    )
    |> filter(fn: (r) => r.n > 1)
    |> map(
        fn: (r) => ({
            station: r.station,
            field: r._field,
            first: r.first,
            last: r.last,
            change_per_day: (r.last - r.first) / float(v: r.n - 1),
        }),
    )
    |> group()
    |> sort(columns: ["station", "field"])
    |> yield(name: "change")
