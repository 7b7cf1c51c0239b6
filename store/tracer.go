package store

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// tracer times every statement by its name, logs the slow ones and measures how long callers wait for a connection. Of a
// statement it knows the name only: never a value.
type tracer struct {
	slow     time.Duration
	log      *slog.Logger
	now      func() time.Time
	profiles *profiles
	slowest  samples
	acquires waits
	lately   Meter        // waits since Interval was called last
	asking   atomic.Int64 // callers between asking for a connection and having it
}

var (
	_ pgx.QueryTracer       = (*tracer)(nil)
	_ pgxpool.AcquireTracer = (*tracer)(nil)
)

func newTracer(slow time.Duration, log *slog.Logger, now func() time.Time) *tracer {
	return &tracer{slow: slow, log: log, now: now, profiles: newProfiles(), acquires: waits{h: newHistogram()}}
}

// QueryName reads the name out of a statement's comment: "SELECT /* get_conversation_history */ …" is get_conversation_history.
// A statement without one is "unnamed".
func QueryName(sql string) string {
	_, rest, found := strings.Cut(sql, "/* ")
	name, _, closed := strings.Cut(rest, " */")
	if !found || !closed || strings.ContainsAny(name, " \n") {
		return "unnamed"
	}
	return name
}

// running is what a connection does now. It is kept with the connection and not in the context, where it would be an allocation for
// every statement: a connection does one thing at a time.
type running struct {
	sql   string
	since time.Time
}

// runningKey is where it is among what a connection keeps for others.
const runningKey = "healthagent.running"

func runningOn(conn *pgx.Conn) *running {
	data := conn.PgConn().CustomData()
	if r, ok := data[runningKey].(*running); ok {
		return r
	}
	r := &running{}
	data[runningKey] = r
	return r
}

// TraceQueryStart implements pgx.QueryTracer.
func (t *tracer) TraceQueryStart(ctx context.Context, conn *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	*runningOn(conn) = running{sql: d.SQL, since: t.now()}
	return ctx
}

// TraceQueryEnd implements pgx.QueryTracer.
func (t *tracer) TraceQueryEnd(ctx context.Context, conn *pgx.Conn, d pgx.TraceQueryEndData) {
	r := runningOn(conn)
	t.observe(ctx, r.sql, r.since, d.CommandTag, d.Err)
}

// observe counts a statement that has just ended, and returns when that was.
func (t *tracer) observe(ctx context.Context, sql string, since time.Time, tag pgconn.CommandTag, err error) time.Time {
	now, rows := t.now(), tag.RowsAffected()
	took := max(now.Sub(since), 0)
	name, slow := QueryName(sql), took >= t.slow
	t.profiles.of(name, sql).add(took, rows, err != nil, slow)
	if slow {
		t.slowest.add(SlowSample{Name: strings.Clone(name), At: now, MS: milliseconds(took), Rows: rows})
		t.log.WarnContext(ctx, fmt.Sprintf("Slow query '%s': %.2fms (threshold: %.2fms)",
			name, milliseconds(took), milliseconds(t.slow)))
	}
	return now
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// acquiring is a context that knows since when its caller waits.
type acquiring struct {
	context.Context
	since time.Time
}

// TraceAcquireStart implements pgxpool.AcquireTracer.
func (t *tracer) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	t.asking.Add(1)
	return &acquiring{ctx, t.now()}
}

// TraceAcquireEnd implements pgxpool.AcquireTracer.
func (t *tracer) TraceAcquireEnd(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireEndData) {
	t.asking.Add(-1)
	if a, ok := ctx.(*acquiring); ok {
		took := t.now().Sub(a.since)
		t.acquires.record(took)
		t.lately.Record(took)
	}
}

func (t *tracer) waiting() int { return int(max(t.asking.Load(), 0)) }

// QueryStats counts statements since the start of the process.
type QueryStats struct {
	Statements int64 `json:"statements"`
	Slow       int64 `json:"slow"`
	Errors     int64 `json:"errors"`
}

// SlowThreshold is the time from which on a statement is counted and logged as slow.
func (s *Store) SlowThreshold() time.Duration { return s.tracer.slow }

// QueryStats reads the counters.
func (s *Store) QueryStats() (stats QueryStats) {
	for _, p := range *s.tracer.profiles.byName.Load() {
		p.mu.Lock()
		stats.Statements, stats.Slow, stats.Errors = stats.Statements+p.calls, stats.Slow+p.slow, stats.Errors+p.errors
		p.mu.Unlock()
	}
	return stats
}
