package source

import (
	"fmt"
	"time"
)

// Activity is what the sessions of the database do: the tree of who waits for whom, then the rest, and what takes long.
type Activity struct {
	Part
	Sessions []Session `json:"sessions"` // in the order to draw
	Work     []Work    `json:"work"`     // builds, drops and vacuums
	Used     int       `json:"connections_used"`
	Usable   int       `json:"connections_usable"`
	Blocked  int       `json:"blocked"`
	OldestS  *float64  `json:"oldest_xact_s"`
	XIDAge   int64     `json:"xid_age"`
}

// Session is one connection to the database.
type Session struct {
	PID     int        `json:"pid"`
	Start   *time.Time `json:"backend_start"` // with PID it names the session for good; nil: it may not be seen
	Depth   int        `json:"depth"`         // in the tree of locks; those one deeper that follow wait for it
	InTree  bool       `json:"in_tree"`
	Last    bool       `json:"last"` // of those that wait for the same
	App     string     `json:"app"`
	Kind    string     `json:"kind"`
	User    string     `json:"user"`
	State   string     `json:"state"`
	Wait    string     `json:"wait"`
	XactS   *float64   `json:"xact_s"`
	StateS  *float64   `json:"state_s"`
	Query   string     `json:"query"` // its name or first word
	Blocks  int        `json:"blocks"`
	Object  string     `json:"object,omitempty"`  // of the lock it waits for
	Own     bool       `json:"own"`               // of this program's pool
	Protect string     `json:"protect,omitempty"` // why it may not be ended
}

// Key is the same for the same session and for no other.
func (s Session) Key() string {
	if s.Start == nil {
		return fmt.Sprintf("%d", s.PID)
	}
	return fmt.Sprintf("%d@%d", s.PID, s.Start.UnixMicro())
}

// Work is a build, a drop or a vacuum under way.
type Work struct {
	PID      int      `json:"pid"`
	Kind     string   `json:"kind"` // create index, reindex, drop index, vacuum, …
	Object   string   `json:"object"`
	Phase    string   `json:"phase"`
	Done     int64    `json:"done"`
	Total    int64    `json:"total"`
	Unit     string   `json:"unit"`
	Pct      *float64 `json:"pct"` // of this phase; nil: it does not tell
	ElapsedS float64  `json:"elapsed_s"`
	Blocker  *Blocker `json:"blocker"`
}

// Blocker is a session that something waits for.
type Blocker struct {
	PID   int      `json:"pid"`
	App   string   `json:"app"`
	User  string   `json:"user"`
	State string   `json:"state"`
	XactS *float64 `json:"xact_s"`
	Query string   `json:"query"`
}
