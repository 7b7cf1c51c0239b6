package source

import "time"

// Indexes are the indexes of the database, the biggest first.
type Indexes struct {
	Part
	Since time.Time `json:"since"` // since when the server counts
	List  []Index   `json:"list"`
	// SizesAt is when sizes and bloat were read: they are read more seldom than the scans.
	SizesAt time.Time `json:"sizes_at"`
}

// Index is one index.
type Index struct {
	Schema     string   `json:"schema"`
	Table      string   `json:"table"`
	Name       string   `json:"name"`
	Migration  string   `json:"migration"` // 017; empty: no index-only migration makes it
	Definition string   `json:"definition" text:"lines"`
	Bytes      int64    `json:"bytes"`
	Scans      int64    `json:"scans"`          // since Since
	ScansMin   *float64 `json:"scans_per_min"`  // over the last 15 minutes; nil: not known yet
	Spark      Series   `json:"scans_series"`   // a minute, 48 steps of 30 min
	LastUsedS  *float64 `json:"last_used_s"`    // ago; nil: not known, or never
	Never      bool     `json:"never_used"`     // not once since Since
	HitPct     *float64 `json:"hit_pct"`        // pages found in shared buffers over the last 15 minutes; nil: too few to tell
	FetchPct   *float64 `json:"heap_fetch_pct"` // rows of an index-only scan that had to be looked up in the table
	BloatPct   *float64 `json:"bloat_pct"`      // a lower bound
	Valid      bool     `json:"valid"`
	Building   bool     `json:"building"`
	State      string   `json:"state,omitempty"` // in words, of one that is not valid
	Unique     bool     `json:"unique"`
	Constraint bool     `json:"constraint"` // a constraint stands on it
	Unused     string   `json:"unused,omitempty"`
	Redundant  string   `json:"redundant_with,omitempty"`
	UsedBy     []string `json:"used_by"` // named statements whose plan reads it
	Held       bool     `json:"held"`    // dropped on purpose: it is listed though it is not there
	Missing    bool     `json:"missing"` // its migration makes it, and it is not there
	Advice     string   `json:"advice,omitempty"`
	Remedy     string   `json:"remedy,omitempty" text:"lines"`
}

// Migrations is the ledger.
type Migrations struct {
	Part
	List []Migration `json:"list"`     // the newest first
	Auto bool        `json:"auto"`     // the daemon applies pending ones by itself
	Lock string      `json:"lock"`     // who holds the migration lock; empty: nobody
	Work string      `json:"work"`     // what the daemon does about the pending ones, in words
	Next string      `json:"rollback"` // what R on the overview takes back: the newest applied index-only one; empty: none
}

// Migration is one row of the ledger.
type Migration struct {
	Version    string     `json:"version"` // 017
	Name       string     `json:"name"`
	State      string     `json:"state"` // pending, running, applied, held, partial, failed
	Class      string     `json:"class"` // index-only, rebuildable, loses-rows
	AppliedAt  *time.Time `json:"applied_at"`
	TookS      float64    `json:"took_s"` // what applying it takes, by the last time; 0: not known
	Back       string     `json:"back"`   // yes, no or loses rows
	Held       []string   `json:"held"`   // its indexes that are held
	Done       int        `json:"done"`
	Total      int        `json:"total"`
	Error      string     `json:"error,omitempty"`
	Unknown    bool       `json:"unknown"`           // this program has no such file
	Edited     bool       `json:"edited"`            // the file differs from what was applied
	Up         string     `json:"up" text:"lines"`   // SQL
	Down       string     `json:"down" text:"lines"` // SQL; empty: there is none
	Objects    []string   `json:"objects"`
	Bytes      int64      `json:"bytes"`        // of its indexes
	OutOfOrder bool       `json:"out_of_order"` // pending below the newest applied
}
