package bench

import (
	"healthagent/store/bench"
)

// Result is everything that was measured.
type Result struct {
	Machine Machine       `json:"machine"`
	Dataset bench.Dataset `json:"dataset"`
	Queries []Query       `json:"queries"`
	Lookups []Lookup      `json:"lookups"`
	Indexes []bench.Cost  `json:"indexes"`
	Tables  []Table       `json:"tables"`
	Up      float64       `json:"up_s"` // all of 017 while people write
	Stall   bench.Stall   `json:"stall"`
	Down    float64       `json:"rollback_s"`
	Seconds float64       `json:"seconds"` // how long each measurement took
	Took    float64       `json:"took_s"`  // all of it
	Notes   []string      `json:"notes"`   // what was not measured, and why
}

// Machine is where it ran. Settings are the server's.
type Machine struct {
	CPU      string            `json:"cpu"`
	Cores    int               `json:"cores"`
	Memory   int64             `json:"mem_bytes"`
	Kernel   string            `json:"kernel"`
	Postgres string            `json:"postgres"`
	Go       string            `json:"go"`
	Server   string            `json:"server"` // private, or given: then it may stand elsewhere
	PoolMax  int               `json:"pool_max"`
	Load     float64           `json:"load_before"` // load average of the minute before
	Settings map[string]string `json:"settings"`
}

// Query is one statement without and with the migration.
type Query struct {
	Name    string `json:"name"`
	Index   string `json:"index"` // of 017 that is to answer it; empty: none, it is measured for comparison
	Without State  `json:"without"`
	With    State  `json:"with"`
	// Fresh is the plan with the migration for somebody who has written a window since the last vacuum.
	Fresh    *bench.Plan  `json:"fresh,omitempty"`
	Compared []Comparison `json:"compared"` // with the migration
}

// State is a statement's figures before or after. The percentiles and the rate are those of one caller.
type State struct {
	bench.Plan
	P50     float64        `json:"p50_us"`
	P95     float64        `json:"p95_us"`
	P99     float64        `json:"p99_us"`
	Rate    float64        `json:"rate"`
	Callers []bench.Timing `json:"callers"` // through the pool, the rows read as the bytes that came
	Cold    *bench.Cold    `json:"cold,omitempty"`
}

// Comparison is the same query asked in three ways, taking turns: through the pool, the rows read as bytes; through the store's method,
// which makes records of them; and by pgbench -M prepared with as many connections as there are callers. All are calls a second; 0,
// thus absent, is what was not measured.
type Comparison struct {
	Callers    int     `json:"callers"`
	Pool       float64 `json:"pool"`
	Store      float64 `json:"store,omitempty"` // a query that is part of a unit of work has no method of its own
	Pgbench    float64 `json:"pgbench,omitempty"`
	Ratio      float64 `json:"pool_to_pgbench,omitempty"`
	StoreRatio float64 `json:"store_to_pgbench,omitempty"`
}

// Lookup is what never reaches the database.
type Lookup struct {
	Name    string         `json:"name"`
	Callers []bench.Timing `json:"callers"`
}

// Table is what one row costs to write with none and with all of the migration's indexes, in microseconds of the server without the
// commit.
type Table struct {
	Name  string  `json:"name"`
	Write string  `json:"write"`
	None  float64 `json:"none_us"`
	All   float64 `json:"all_us"`
	Noise float64 `json:"noise_us"`
	WAL   int64   `json:"wal_cost_bytes"` // more of write-ahead log for one row
}
