package source

import (
	"strings"
	"time"
)

// Protocol is raised when an older screen could misread what a newer daemon sends.
const Protocol = 1

// Snapshot is the state at one moment, or what of it has changed. Whoever has got one must not change it, nor anything that it points
// to: it is shared.
type Snapshot struct {
	Protocol int       `json:"protocol"`
	Time     time.Time `json:"time"` // by the clock of the daemon
	Version  string    `json:"version"`
	Host     string    `json:"host"`
	UptimeS  float64   `json:"uptime_s"`
	Label    string    `json:"label,omitempty"` // what this daemon is when it is no real one: DEMO, with 4 uncached readers
	Phase    string    `json:"phase,omitempty"` // what the start is waiting for; empty: it has started

	You   *You   `json:"you,omitempty"` // who asks
	Link  *Link  `json:"-"`             // the way to the daemon; filled in by the screen's side
	Ready *Ready `json:"ready,omitempty"`

	System   *System   `json:"system,omitempty"`
	Pool     *Pool     `json:"pool,omitempty"`
	Queries  *Totals   `json:"queries,omitempty"`
	Cache    *Cache    `json:"cache,omitempty"`
	Queues   *Queues   `json:"queues,omitempty"` // in the database, of the messages on their way
	Telegram *Telegram `json:"telegram,omitempty"`

	Postgres   *Postgres   `json:"postgres,omitempty"`
	Redis      *Redis      `json:"redis,omitempty"` // nil when the cache is the daemon's own memory, or has not been asked
	Statements *Statements `json:"statements,omitempty"`
	Indexes    *Indexes    `json:"indexes,omitempty"`
	Migrations *Migrations `json:"migrations,omitempty"`
	Attention  *Attention  `json:"attention,omitempty"`
	Doctor     *Doctor     `json:"doctor,omitempty"` // what the daemon's last look at its own installation found
	Runs       []Run       `json:"runs,omitempty"`   // acts under way and the last ones that ended, the newest first; never partly sent

	History *History `json:"history,omitempty"` // in a whole state
	Samples []Sample `json:"samples,omitempty"` // in a change: what the history has gained
	Log     []Event  `json:"log,omitempty"`     // in a whole state the last ones, in a change the new ones; the oldest first
}

// Part says how old a part of the state is. Every part that is read from somewhere embeds it.
type Part struct {
	At      time.Time `json:"at"` // when it was read; zero: never
	TookMS  float64   `json:"took_ms"`
	Error   string    `json:"error,omitempty"`   // why it could not be read anew; what is shown is from At
	Partial []string  `json:"partial,omitempty"` // what is missing in it, and why
}

// You is who asks, and what they may do.
type You struct {
	UID  int    `json:"uid"`
	User string `json:"user"` // of the system; empty when it has no name
	Act  bool   `json:"act"`  // they may change something
	Why  string `json:"why"`  // why they may not, or by what they may
}

// Verdict on a component: ok, warn or fail.
type Verdict string

// From good to bad; Skip is of a check that could not be made where it was asked for.
const (
	OK   Verdict = "ok"
	Warn Verdict = "warn"
	Fail Verdict = "fail"
	Skip Verdict = "skip"
)

// Finding is what one check of the installation says. Code is for programs and never changes its meaning; Remedy is a command to paste, or one
// sentence where no command mends it, and empty when nothing has to be done.
type Finding struct {
	Code    string  `json:"code"`
	Title   string  `json:"title"`
	Verdict Verdict `json:"verdict"`
	Text    string  `json:"text"`
	Remedy  string  `json:"remedy"`
}

// Doctor is a look at the whole installation. OK says that no check failed; warnings are no failure.
type Doctor struct {
	Part
	OK     bool      `json:"ok"`
	Checks []Finding `json:"checks"`
}

// Ready is the verdict on each component.
type Ready struct {
	Ready      bool                 `json:"ready"`
	Status     string               `json:"status"` // ok, degraded or failing
	Components map[string]Component `json:"components"`
}

// Component is one thing that the daemon depends on or does: postgresql, cache, telegram, sending, outbox, inbox, leader, indexes, start.
type Component struct {
	Verdict Verdict    `json:"verdict"`
	Text    string     `json:"text"`
	Since   *time.Time `json:"since,omitempty"`
}

// System is what the process uses of the machine, and the machine itself. What the machine does not tell is zero.
type System struct {
	CPUPercent     float64 `json:"cpu_percent"`  // of the process, of one processor
	MemoryBytes    int64   `json:"memory_bytes"` // of the process, resident
	UptimeS        float64 `json:"uptime_s"`
	HostCPUPercent float64 `json:"host_cpu_percent"` // of all processors
	HostMemUsed    int64   `json:"host_memory_used_bytes"`
	HostMemTotal   int64   `json:"host_memory_total_bytes"`
	DiskUsed       int64   `json:"disk_used_bytes"` // of the file system with the state directory
	DiskTotal      int64   `json:"disk_total_bytes"`
	Load1          float64 `json:"load1"`
	Processors     int     `json:"processors"`
}

// Pool is the gauges of the connection pool.
type Pool struct {
	Size         int     `json:"size"`
	Available    int     `json:"available"`
	Active       int     `json:"active"`
	Constructing int     `json:"constructing"`
	MinSize      int     `json:"min_size"`
	MaxSize      int     `json:"max_size"`
	Waiting      int     `json:"waiting"`
	Acquire      Acquire `json:"acquire"`
	// Recent is the wait for a connection over the last 15 minutes; Acquire's is since the start.
	Recent Percentiles `json:"recent_wait_ms"`
}

// Acquire counts what was asked of the pool since the start.
type Acquire struct {
	Count    int64       `json:"count"`
	Empty    int64       `json:"empty"`    // had to wait or to open one
	Canceled int64       `json:"canceled"` // gave up
	WaitMS   Percentiles `json:"wait_ms"`
}

// Percentiles of a duration in milliseconds; all zero when nothing was measured.
type Percentiles struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// Totals counts statements since the start of the daemon.
type Totals struct {
	Statements int64   `json:"statements"`
	Slow       int64   `json:"slow"`
	Errors     int64   `json:"errors"`
	SlowMS     float64 `json:"slow_ms"` // from how long on a statement is slow
}

// Cache is what the cache did since the start of the daemon.
type Cache struct {
	Backend string `json:"backend"` // redis or memory
	State   string `json:"state"`   // of the breaker: closed (it works), open, half-open
	Group
	Groups map[string]Group `json:"groups"` // history, preferences, nutrition
}

// Group counts one group of keys.
type Group struct {
	Hits    int64   `json:"hits"`
	Misses  int64   `json:"misses"`
	Sets    int64   `json:"sets"`
	Deletes int64   `json:"deletes"`
	Errors  int64   `json:"errors"`
	HitRate float64 `json:"hit_rate"` // 0 to 1; 0 before the first read
}

// Queues says how much is on the way.
type Queues struct {
	InboxPending  int `json:"inbox_pending"`
	InboxRetry    int `json:"inbox_retry"`
	InboxParked   int `json:"inbox_parked"`
	InboxDead     int `json:"inbox_dead"`
	OutboxPending int `json:"outbox_pending"`
	OutboxFailed  int `json:"outbox_failed"`
}

// Telegram is the state of the bot's way in and out.
type Telegram struct {
	Polling  bool               `json:"polling"`
	LastPoll time.Time          `json:"last_poll,omitzero"`
	Queued   int                `json:"queued"`
	Sending  int                `json:"sending"`
	Trouble  map[string]Trouble `json:"trouble"`
	Counters map[string]int64   `json:"counters"` // received, handled, sent, …, since the start
	// HandledMS is from the arrival of an update to the commit of its effects, over the last 15 minutes.
	HandledMS Percentiles `json:"handled_ms"`
}

// Trouble is what a part of that way suffers from.
type Trouble struct {
	Text  string    `json:"text"`
	Since time.Time `json:"since"`
}

// Postgres is the server as a whole.
type Postgres struct {
	Part
	Version      string    `json:"version"`
	Started      time.Time `json:"started,omitzero"`
	Down         string    `json:"down,omitempty"` // why it cannot be reached; empty: it can
	DownSince    time.Time `json:"down_since,omitzero"`
	Attempt      int       `json:"attempt,omitempty"` // tries since then
	DatabaseSize int64     `json:"database_bytes"`
	HitPct       *float64  `json:"hit_pct"`      // pages found in shared buffers, lately
	XactPerS     *float64  `json:"xact_per_s"`   // nil: not known yet
	RollbackPct  *float64  `json:"rollback_pct"` // of transactions, lately
	DeadPct      *float64  `json:"dead_pct"`     // of the rows of all tables
	Used         int       `json:"connections_used"`
	Usable       int       `json:"connections_usable"`
	Blocked      int       `json:"blocked"` // sessions that wait for a lock
	OldestXactS  *float64  `json:"oldest_xact_s"`
	XIDAge       int64     `json:"xid_age"`
	Durable      bool      `json:"durable"` // fsync, full_page_writes and synchronous_commit are on
	// CostMS is what all our collectors together have cost the server in the last minute.
	CostMS float64 `json:"monitoring_ms_per_min"`
}

// Redis is the cache's server.
type Redis struct {
	Part
	Version    string   `json:"version"`
	UptimeS    float64  `json:"uptime_s"`
	UsedBytes  int64    `json:"used_bytes"`
	MaxBytes   int64    `json:"max_bytes"` // 0: no limit
	Policy     string   `json:"policy"`
	Keys       int64    `json:"keys"`
	Evicted    int64    `json:"evicted"`
	Expired    int64    `json:"expired"`
	HitPct     *float64 `json:"hit_pct"` // of all its users, since its start
	Clients    int      `json:"clients"`
	OpsPerS    float64  `json:"ops_per_s"`
	AnswerMS   float64  `json:"answer_ms"` // of this very question
	Persistent bool     `json:"persistent"`
}

// Event is one line of what happened, of the daemon, the runner and the people.
type Event struct {
	Seq     int64     `json:"seq"`
	Time    time.Time `json:"time"`
	Level   string    `json:"level"` // info, warn, error
	Kind    string    `json:"kind"`  // daemon, slow, migrate, act, postgres, redis, telegram, …
	Subject string    `json:"subject,omitempty"`
	Text    string    `json:"text"`
}

// Attention is what needs somebody, the most pressing first.
type Attention struct {
	Items []Item `json:"items"`
}

// Item is one thing that needs somebody.
type Item struct {
	Severity Verdict   `json:"severity"` // warn or fail
	Kind     string    `json:"kind"`     // slow, unused, invalid, blocked, pool, postgres, …
	Subject  string    `json:"subject"`
	Text     string    `json:"text"`
	Remedy   string    `json:"remedy,omitempty" text:"lines"` // what to do, to be pasted
	Since    time.Time `json:"since,omitzero"`
	Screen   string    `json:"screen"` // which one shows it: queries, indexes, migrations, activity, cache, log
}

// ReadOnly says why this person may not act, short enough for one line of a narrow screen: the daemon's sentence says so itself.
func (y *You) ReadOnly() string {
	return "read only: " + strings.TrimPrefix(y.Why, "you may only look: ")
}
