// Package remind holds the rules of reminders: the sentences people write, the
// recurrences they mean, and when those fire in a person's own time zone.
//
// It is pure: it reads no clock and touches no database. The caller hands in the
// moment "now" and the person's location, and stores what comes back.
//
// A wall-clock rule fires exactly once on every matching local date:
//
//   - A time that does not exist on that date, because clocks go forward over it,
//     fires as much later as the clock jumped (02:30 becomes 03:30). When that
//     would already be the next date, it fires as much earlier instead. time.Date
//     is not used for this, since it leaves open which side it picks: in
//     America/Havana it turns 00:30 into 23:30 of the day before.
//   - A time that comes twice, because clocks go back, fires the first time.
//   - A date that a zone leaves out altogether has no firing.
//
// All values are immutable and every function may be called concurrently.
package remind
