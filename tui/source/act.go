package source

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Verb is what an act does.
type Verb string

// The verbs, by what they are done to.
const (
	Rollback Verb = "rollback" // a migration
	Apply    Verb = "apply"
	Hold     Verb = "hold"
	Release  Verb = "release"
	Cancel   Verb = "cancel" // the run of a migration or of an index, or the statement of a session

	Drop    Verb = "drop" // an index; of an index-only migration it is held
	Build   Verb = "build"
	Reindex Verb = "reindex"

	End Verb = "end" // a session
)

// Object says what a verb is done to.
type Object string

// The objects, as their paths below /v1 are called.
const (
	OnMigration Object = "migrations"
	OnIndex     Object = "indexes"
	OnSession   Object = "sessions"
)

// Act is something that changes the system. The zero value is none.
type Act struct {
	Verb   Verb   `json:"verb"`
	Object Object `json:"object"`
	Name   string `json:"name"` // 017, the name of an index, a process id
	// Start is the session's backend_start: the process id alone may be another's by now.
	Start *time.Time `json:"backend_start,omitempty"`
	// AfterStep, of Cancel, lets the step at work end first.
	AfterStep bool `json:"after_step,omitempty"`
}

// Path is where the act is asked of the daemon, session and all: GET for its preview, POST with its token to do it.
func (a Act) Path() string {
	path := "/v1/" + string(a.Object) + "/" + url.PathEscape(a.Name) + "/" + string(a.Verb)
	if a.Start != nil {
		path += "?" + url.Values{"backend_start": {a.Start.UTC().Format(time.RFC3339Nano)}}.Encode()
	}
	return path
}

// ParseAct is the act whose Path it is. The error says what is wrong with it.
func ParseAct(path string) (Act, error) {
	u, err := url.Parse(path)
	if err != nil {
		return Act{}, fmt.Errorf("read the path of an act: %w", err)
	}
	parts := strings.Split(u.EscapedPath(), "/") // "", v1, object, name, verb
	if len(parts) != 5 || parts[1] != "v1" {
		return Act{}, errors.New("that is no act")
	}
	name, err := url.PathUnescape(parts[3])
	if err != nil {
		return Act{}, fmt.Errorf("read the name in the path of an act: %w", err)
	}
	a := Act{Object: Object(parts[2]), Name: name, Verb: Verb(parts[4])}
	if text := u.Query().Get("backend_start"); text != "" {
		start, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return Act{}, fmt.Errorf("read the start of a session: %w", err)
		}
		a.Start = &start
	}
	return a, nil
}

// Preview is what is known of an act before it is done. Which parts are filled depends on the act.
type Preview struct {
	Act     Act       `json:"act"`
	Token   string    `json:"token"` // proves that nothing has changed since; empty: it cannot be done
	At      time.Time `json:"at"`
	Title   string    `json:"title"`             // ROLL BACK 017 ?
	Summary string    `json:"summary"`           // what would be done, in one sentence
	Refused string    `json:"refused,omitempty"` // why it cannot be done
	Busy    string    `json:"busy,omitempty"`    // the id of a run that is under way instead
	Confirm string    `json:"confirm,omitempty"` // what must be typed; empty: one key
	Class   string    `json:"class,omitempty"`
	SQL     string    `json:"sql,omitempty" text:"lines"`
	Checks  []Check   `json:"checks"`
	After   string    `json:"after"` // what is so afterwards
	Undo    Undo      `json:"undo"`

	AppliedAt *time.Time       `json:"applied_at,omitempty"`
	TookS     float64          `json:"took_s,omitempty"` // what applying it took the last time; 0: not known
	Indexes   []PreviewIndex   `json:"indexes"`
	Queries   []PreviewQuery   `json:"queries"`
	NoTrial   string           `json:"no_trial,omitempty"` // why there are no trial plans; it may be asked again
	Estimate  string           `json:"estimate,omitempty"`
	Lost      []Lost           `json:"rows_lost"`
	Takes     []string         `json:"takes"` // other migrations that go with it, in the order of doing
	Session   *Session         `json:"session,omitempty"`
	Frees     int              `json:"frees,omitempty"` // sessions that wait for that one
	Waits     []PreviewBlocker `json:"waits"`
}

// Check is one thing that was looked at.
type Check struct {
	Verdict Verdict `json:"verdict"`
	Text    string  `json:"text"`
}

// Undo is the way back.
type Undo struct {
	Text    string  `json:"text"`
	Seconds float64 `json:"seconds"`
	Bytes   int64   `json:"bytes"` // of disk
}

// PreviewIndex is an index that the act drops or builds.
type PreviewIndex struct {
	Name     string   `json:"name"`
	Table    string   `json:"table"`
	Bytes    int64    `json:"bytes"`
	ScansMin *float64 `json:"scans_per_min"`
	LastS    *float64 `json:"last_used_s"`
	Note     string   `json:"note,omitempty"`
}

// PreviewQuery is a named statement that becomes slower, or faster.
type PreviewQuery struct {
	Name     string  `json:"name"`
	CallsMin float64 `json:"calls_per_min"`
	P95MS    float64 `json:"p95_ms"` // now
	MeanMS   float64 `json:"mean_ms"`
	Factor   float64 `json:"cost_factor"` // cost after / cost now; 0: not tried
	Now      string  `json:"now"`         // the plan in a few words
	After    string  `json:"after"`
}

// Lost is what the act destroys for good.
type Lost struct {
	Table  string `json:"table"`
	Column string `json:"column,omitempty"`
	Rows   int64  `json:"rows"`
	Exact  bool   `json:"exact"`
}

// PreviewBlocker is a session that the act would wait for.
type PreviewBlocker struct {
	Blocker
	Why string `json:"why"`
}
