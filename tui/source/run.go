package source

import "time"

// RunState says where a run stands.
type RunState string

// The states of a run. A run that ended in partial has two ways out: finish, and restore.
const (
	RunWorking RunState = "working"
	RunDone    RunState = "done"
	RunPartial RunState = "partial" // it was cancelled or failed half-way
	RunFailed  RunState = "failed"  // nothing was done, or a transaction was taken back
	RunUnknown RunState = "unknown" // the daemon died meanwhile; the ledger tells what is so
)

// Run is an act that is being done, or was.
type Run struct {
	ID      string     `json:"id"`
	Act     Act        `json:"act"`
	Title   string     `json:"title"` // ROLLING BACK 017, ROLLED BACK 017, …
	By      string     `json:"by"`    // uid 1000 (anna) from 203.0.113.9
	Here    bool       `json:"-"`     // it runs in the screen's own process, and ends with it
	State   RunState   `json:"state"`
	Started time.Time  `json:"started"`
	Ended   *time.Time `json:"ended"`
	Steps   []Step     `json:"steps"`
	// Stopping is set once it was asked to end, after the step at work or at once.
	Stopping string    `json:"stopping,omitempty"`
	Progress *Progress `json:"progress,omitempty"` // of the step at work
	Blockers []Blocker `json:"blockers"`
	Error    string    `json:"error,omitempty"`
	Summary  string    `json:"summary,omitempty"` // what was done, once it has ended
	Freed    int64     `json:"freed_bytes"`
	Effects  []Effect  `json:"effects"`            // on the statements: before, and now
	BeforeS  float64   `json:"before_s,omitempty"` // how long a stretch of time before it they are compared with
	Watch    *Watch    `json:"watch,omitempty"`
	Report   string    `json:"report,omitempty"` // the file that holds the report
	Undo     *Act      `json:"undo,omitempty"`   // what takes it back
	// UndoS is how long it took, in seconds, to make what Undo makes again; 0: not known.
	UndoS   float64 `json:"undo_s,omitempty"`
	Finish  *Act    `json:"finish,omitempty"` // the ways out of partial
	Restore *Act    `json:"restore,omitempty"`
}

// Over reports whether it has ended.
func (r Run) Over() bool { return r.State != RunWorking }

// StepState says where one step stands.
type StepState string

// The states of a step.
const (
	StepWaiting StepState = "waiting"
	StepWorking StepState = "working"
	StepDone    StepState = "done"
	StepFailed  StepState = "failed"
	StepSkipped StepState = "skipped"
)

// Step is one statement of a run, or one index.
type Step struct {
	Name    string    `json:"name"`
	State   StepState `json:"state"`
	Bytes   int64     `json:"bytes"`
	Seconds float64   `json:"seconds"`
	Text    string    `json:"text,omitempty"`
}

// Progress is what the server tells of the step at work. Its counters begin anew in each phase.
type Progress struct {
	Phase    string  `json:"phase"`
	Number   int     `json:"number"` // of the phase, from 1; 0: not known
	Phases   int     `json:"phases"`
	Done     int64   `json:"done"`
	Total    int64   `json:"total"`
	Unit     string  `json:"unit"`
	ElapsedS float64 `json:"elapsed_s"`
}

// Effect is what a run did to one statement, or to the pool.
type Effect struct {
	Name   string   `json:"name"`
	Unit   string   `json:"unit"`   // ms or connections
	Before *float64 `json:"before"` // p95 over the time before, at most 15 minutes; nil: it was not called
	Now    *float64 `json:"now"`    // p95 since the end, in the watch; over the last minute of the run before that
	Factor float64  `json:"factor"` // now / before; 0: not known
	Worse  bool     `json:"worse"`
	Better bool     `json:"better"`
	Spark  Series   `json:"series"`
}

// Watch is the time after a run in which its effect is judged.
type Watch struct {
	Since   time.Time `json:"since"`
	Until   time.Time `json:"until"` // when it is judged
	Over    bool      `json:"over"`
	Verdict string    `json:"verdict"` // so far, or for good: better, worse, no different, too few calls
	Text    string    `json:"text"`    // why
}
