// Rain since 08:00 Beijing time, of every station: the day that is not over yet.
//
// Answers: one line per station that has reported since 08:00, the wettest first; `newest` is its newest report.
// Units: mm, as counted.
// Change: at: the moment to look from; now() is the present.
// Traps: - A station that has not reported since 08:00 is missing: see silent_stations.flux. Its rain is unknown, not 0.
//        - What is stamped 08:00:00 belongs to the day before: the range begins 1 ns later. At 08:00:00 itself the
//          answer is the whole day that ends then.
import "date"
import "join"
import "timezone"

option location = timezone.fixed(offset: 8h)

at = now()

// 1 ns earlier, so that at 08:00:00 itself it is the day that ends then.
since = date.add(d: 8h, to: date.truncate(t: date.sub(d: 1ns, from: date.sub(d: 8h, from: at)), unit: 1d))

readings = from(bucket: "rain")
    |> range(start: date.add(d: 1ns, to: since), stop: date.add(d: 1ns, to: at))
    |> filter(fn: (r) => r._measurement == "rain" and r._field == "rain_mm")

join.inner(
    left: readings |> sum() |> group(),
    right: readings |> last() |> group(),
    on: (l, r) => l.station == r.station,
    as: (l, r) => ({station: l.station, since: since, newest: r._time, rain_mm: l._value}),
)
    |> sort(columns: ["rain_mm"], desc: true)
