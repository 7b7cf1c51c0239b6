package store

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// tracer times every statement by its name, logs the slow ones and measures how long callers wait for a connection. Of a
// statement it knows the name only: never a value.
type tracer struct {
	slow     time.Duration
	log      *slog.Logger
	now      func() time.Time
	acquires *histogram

	asking     atomic.Int64 // callers between asking for a connection and having it
	statements atomic.Int64
	slowCount  atomic.Int64
	errors     atomic.Int64
}

var (
	_ pgx.QueryTracer       = (*tracer)(nil)
	_ pgx.BatchTracer       = (*tracer)(nil)
	_ pgxpool.AcquireTracer = (*tracer)(nil)
)

func newTracer(slow time.Duration, log *slog.Logger, now func() time.Time) *tracer {
	return &tracer{slow: slow, log: log, now: now, acquires: newHistogram()}
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

type traceKey int

const (
	queryKey traceKey = iota
	batchKey
	acquireKey
)

type queryTrace struct {
	sql   string
	start time.Time
}

// TraceQueryStart implements pgx.QueryTracer.
func (t *tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	return context.WithValue(ctx, queryKey, queryTrace{sql: d.SQL, start: t.now()})
}

// TraceQueryEnd implements pgx.QueryTracer.
func (t *tracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryEndData) {
	if q, ok := ctx.Value(queryKey).(queryTrace); ok {
		t.observe(ctx, q.sql, t.now().Sub(q.start), d.Err)
	}
}

// TraceBatchStart implements pgx.BatchTracer.
func (t *tracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	last := t.now()
	return context.WithValue(ctx, batchKey, &last)
}

// TraceBatchQuery implements pgx.BatchTracer. Within a pipeline a statement's time is that since the result before it.
func (t *tracer) TraceBatchQuery(ctx context.Context, _ *pgx.Conn, d pgx.TraceBatchQueryData) {
	last, ok := ctx.Value(batchKey).(*time.Time)
	if !ok {
		return
	}
	now := t.now()
	t.observe(ctx, d.SQL, now.Sub(*last), d.Err)
	*last = now
}

// TraceBatchEnd implements pgx.BatchTracer.
func (t *tracer) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

func (t *tracer) observe(ctx context.Context, sql string, took time.Duration, err error) {
	t.statements.Add(1)
	if err != nil {
		t.errors.Add(1)
	}
	if took < t.slow {
		return
	}
	t.slowCount.Add(1)
	t.log.WarnContext(ctx, fmt.Sprintf("Slow query '%s': %.2fms (threshold: %.2fms)",
		QueryName(sql), milliseconds(took), milliseconds(t.slow)))
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// TraceAcquireStart implements pgxpool.AcquireTracer.
func (t *tracer) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	t.asking.Add(1)
	return context.WithValue(ctx, acquireKey, t.now())
}

// TraceAcquireEnd implements pgxpool.AcquireTracer.
func (t *tracer) TraceAcquireEnd(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireEndData) {
	t.asking.Add(-1)
	if start, ok := ctx.Value(acquireKey).(time.Time); ok {
		t.acquires.record(t.now().Sub(start))
	}
}

func (t *tracer) waiting() int { return int(max(t.asking.Load(), 0)) }

// QueryStats counts statements since the start of the process.
type QueryStats struct {
	Statements int64 `json:"statements"`
	Slow       int64 `json:"slow"`
	Errors     int64 `json:"errors"`
}

// QueryStats reads the counters.
func (s *Store) QueryStats() QueryStats {
	return QueryStats{s.tracer.statements.Load(), s.tracer.slowCount.Load(), s.tracer.errors.Load()}
}
