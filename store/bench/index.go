package bench

import (
	"context"
	"fmt"
	"regexp"
	"time"
)

// Index is an index of the migration, by its own statement.
type Index struct{ Name, Table, SQL string }

// ParseIndex reads the names out of a CREATE INDEX CONCURRENTLY; false for any other statement.
func ParseIndex(sql string) (Index, bool) {
	found := regexp.MustCompile(`(?is)\bCREATE\s+INDEX\s+CONCURRENTLY\s+(\w+)\s+ON\s+(\w+)`).FindStringSubmatch(sql)
	if found == nil {
		return Index{}, false
	}
	return Index{Name: found[1], Table: found[2], SQL: sql}, true
}

// Cost is what one index costs when it is the only one of the migration's on its table.
type Cost struct {
	Name   string  `json:"name"`
	Table  string  `json:"table"`
	Bytes  int64   `json:"bytes"`
	Build  float64 `json:"build_s"` // CONCURRENTLY, nobody else at work
	Write  string  `json:"write"`   // what was measured: insert or update
	Before float64 `json:"write_us_without"`
	After  float64 `json:"write_us_with"`
	// Insert is the difference for one row, in microseconds of the server without the commit; below Noise it says nothing.
	Insert float64 `json:"insert_cost_us"`
	Noise  float64 `json:"noise_us"`       // by how much the same writes differed from round to round (half the spread of the middle half)
	WAL    int64   `json:"wal_cost_bytes"` // more of write-ahead log for one row
}

// Cost measures the writes of the index's table, builds the index alone, weighs it, measures the same writes again, and drops it.
func (s *Scratch) Cost(ctx context.Context, index Index, crowd Crowd, spec Spec) (c Cost, without Written, err error) {
	c = Cost{Name: index.Name, Table: index.Table}
	if without, err = s.Writes(ctx, index.Table, crowd, spec); err != nil {
		return c, without, err
	}
	conn, err := s.connect(ctx)
	if err != nil {
		return c, without, err
	}
	defer closeConn(ctx, conn)
	begin := time.Now()
	if err := conn.PgConn().Exec(ctx, index.SQL).Close(); err != nil {
		return c, without, fmt.Errorf("build %s: %w", index.Name, err)
	}
	c.Build = time.Since(begin).Seconds()
	if err := conn.QueryRow(ctx, `SELECT pg_relation_size($1::text::regclass)`, index.Name).Scan(&c.Bytes); err != nil {
		return c, without, fmt.Errorf("weigh %s: %w", index.Name, err)
	}
	with, err := s.Writes(ctx, index.Table, crowd, spec)
	if err != nil {
		return c, without, err
	}
	c.Write, c.Before, c.After = without.Kind, without.Median, with.Median
	c.Insert, c.Noise, c.WAL = with.Median-without.Median, max(without.Noise, with.Noise), with.WAL-without.WAL
	if err := conn.PgConn().Exec(ctx, "DROP INDEX CONCURRENTLY "+quote(index.Name)).Close(); err != nil {
		return c, without, fmt.Errorf("drop %s: %w", index.Name, err)
	}
	return c, without, nil
}
