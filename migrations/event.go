package migrations

import (
	"time"
)

// EventKind says what an Event is about.
type EventKind string

// The kinds of events, in the order in which a run sends them.
const (
	EventLockWait  EventKind = "lock-wait" // another process migrates; this one waits for it
	EventMigration EventKind = "migration" // a migration begins
	EventStatement EventKind = "statement" // a statement begins
	EventProgress  EventKind = "progress"  // how far a concurrent build, drop or rebuild has come
	EventBlocked   EventKind = "blocked"   // other sessions hold it up; sent when they change
	EventRetry     EventKind = "retry"     // a table lock was not to be had in time and is tried again
	EventNote      EventKind = "note"      // Text says it
	EventDone      EventKind = "done"      // a migration ended well
	EventFailed    EventKind = "failed"    // a migration ended badly; Text is the error
)

// Event is one thing that happens while the engine works. An event that finds the
// channel full is dropped: a screen that hangs must not hold up a build. What
// matters is in the Result and in the ledger.
type Event struct {
	Time       time.Time `json:"time"`
	Kind       EventKind `json:"kind"`
	Version    int       `json:"version"`
	Name       string    `json:"name,omitempty"`
	Direction  string    `json:"direction,omitempty"` // up or down
	Statement  int       `json:"statement,omitempty"` // from 1
	Statements int       `json:"statements,omitempty"`
	Object     string    `json:"object,omitempty"` // the index at work
	Text       string    `json:"text,omitempty"`
	Progress   *Progress `json:"progress,omitempty"`
	Blockers   []Blocker `json:"blockers,omitempty"`
}

// Progress is what the server tells of a concurrent build. Its counters begin anew
// in each phase, so there is no figure for the whole.
type Progress struct {
	Phase   string        `json:"phase"`  // in PostgreSQL's words
	Number  int           `json:"number"` // of the phase, from 1; 0 when it is not known
	Phases  int           `json:"phases"`
	Done    int64         `json:"done"` // in Unit
	Total   int64         `json:"total"`
	Unit    string        `json:"unit"` // blocks, tuples or sessions; empty when the phase counts nothing
	Elapsed time.Duration `json:"elapsed_ns"`
}

// Blocker is a session that is in the way. Its query is not told: it may hold what
// people wrote.
type Blocker struct {
	PID         int           `json:"pid"`
	Application string        `json:"application"`
	User        string        `json:"user"`
	State       string        `json:"state"`          // as in pg_stat_activity; empty when this role may not see it
	Age         time.Duration `json:"age_ns"`         // of its transaction
	Kind        string        `json:"kind,omitempty"` // of its backend, such as client backend or autovacuum worker
}

// reporter sends the events of one run.
type reporter struct {
	to        chan<- Event
	now       func() time.Time
	version   int
	name      string
	direction direction
	statement int
	total     int
	object    string
}

// send fills in where the run stands. It never blocks.
func (r *reporter) send(e Event) {
	if r.to == nil {
		return
	}
	e.Time, e.Version, e.Name, e.Direction = r.now(), r.version, r.name, string(r.direction)
	if e.Statement == 0 {
		e.Statement, e.Statements, e.Object = r.statement, r.total, r.object
	}
	select {
	case r.to <- e:
	default:
	}
}

// begin sets what the following events are about.
func (r *reporter) begin(version int, name string, d direction, statements int) {
	r.version, r.name, r.direction, r.total = version, name, d, statements
	r.statement, r.object = 0, ""
	r.send(Event{Kind: EventMigration})
}

// at sets which statement is at work.
func (r *reporter) at(statement int, object, text string) {
	r.statement, r.object = statement, object
	r.send(Event{Kind: EventStatement, Text: text})
}
