package source

import "time"

// Statements are the product's named statements, what took the most time in the window first.
type Statements struct {
	Part
	WindowS float64     `json:"window_s"` // what the figures are of: 15 minutes, or since the start when that is less
	Since   time.Time   `json:"since"`    // start of the daemon
	SlowMS  float64     `json:"slow_ms"`
	List    []Statement `json:"list"`
}

// Bounds are the upper bounds, in milliseconds, of the bars of a Statement's histogram; the last bar has none.
func Bounds() []float64 { return []float64{1, 5, 20, 50, 100, 250} }

// Statement is one named statement.
type Statement struct {
	Name      string   `json:"name"`
	SQL       string   `json:"sql" text:"lines"`
	CallsMin  float64  `json:"calls_per_min"`
	MeanMS    float64  `json:"mean_ms"`
	P50MS     float64  `json:"p50_ms"`
	P95MS     float64  `json:"p95_ms"`
	P99MS     float64  `json:"p99_ms"`
	MaxMS     float64  `json:"max_ms"`
	TimePct   float64  `json:"time_pct"` // of the time of all statements
	RowsCall  float64  `json:"rows_per_call"`
	Calls     int64    `json:"calls"`  // since the start of the daemon
	Errors    int64    `json:"errors"` // likewise
	Slow      int64    `json:"slow"`   // likewise
	Histogram []int64  `json:"histogram"`
	Spark     Series   `json:"p95_series"` // 60 steps of 15 s; a gap when it was not called
	DayP95MS  *float64 `json:"day_p95_ms"` // over the last 24 hours; nil: not enough is known
	Worse     string   `json:"worse,omitempty"`

	Node     string `json:"node"`     // what its plan reads by; empty: not known
	Index    string `json:"index"`    // what its plan reads; empty: no index
	Expected string `json:"expected"` // the index that is there for it; empty: none
	// Small is whether that index can be used, and is on a table so small that the planner may rightly do without.
	Small   bool   `json:"small_table,omitempty"`
	Changed string `json:"plan_changed,omitempty"`
	// ChangedAt is when the plan was first seen to be another one.
	ChangedAt time.Time `json:"plan_changed_at,omitzero"`

	SharedHit  *int64       `json:"shared_hit"` // pages since the server counts; nil: it does not
	SharedRead *int64       `json:"shared_read"`
	TempPages  *int64       `json:"temp_pages"`
	Samples    []SlowSample `json:"slow_samples"` // the last slow calls, the newest first
}

// SlowSample is one slow call.
type SlowSample struct {
	At   time.Time `json:"at"`
	MS   float64   `json:"ms"`
	Rows int64     `json:"rows"`
}

// Plan is how the server would run a named statement, or did.
type Plan struct {
	Name        string    `json:"name"`
	SQL         string    `json:"sql" text:"lines"`
	At          time.Time `json:"at"`
	Generic     bool      `json:"generic"` // for any values; false: for the values of one real person, which are not told
	Analyzed    bool      `json:"analyzed"`
	PlanningMS  float64   `json:"planning_ms"`
	ExecutionMS float64   `json:"execution_ms"`
	Root        Node      `json:"root"`
	Expected    string    `json:"expected"`
	Uses        bool      `json:"uses_expected"`
	Small       bool      `json:"small_table,omitempty"` // as in Statement
}

// Node is one step of a plan. What was not run has only Cost and Rows.
type Node struct {
	Type        string  `json:"type"`
	Relation    string  `json:"relation,omitempty"`
	Index       string  `json:"index,omitempty"`
	Cond        string  `json:"cond,omitempty"` // with $1, never a value
	Filter      string  `json:"filter,omitempty"`
	Cost        float64 `json:"cost"`
	Rows        float64 `json:"rows"`
	ActualRows  float64 `json:"actual_rows"`
	Loops       float64 `json:"loops"`
	ActualMS    float64 `json:"actual_ms"`
	Removed     float64 `json:"removed"`
	HeapFetches int64   `json:"heap_fetches"`
	SharedHit   int64   `json:"shared_hit"`
	SharedRead  int64   `json:"shared_read"`
	Children    []Node  `json:"children,omitempty"`
}
