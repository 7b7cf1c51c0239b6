package bench

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

const settingsSQL = `
SELECT /* healthagent:bench_settings */ name, current_setting(name)
FROM   pg_settings
WHERE  name IN ('autovacuum', 'checkpoint_timeout', 'effective_cache_size', 'fsync', 'full_page_writes', 'jit', 'maintenance_work_mem',
                'max_connections', 'max_parallel_maintenance_workers', 'max_wal_size', 'random_page_cost', 'shared_buffers', 'synchronous_commit',
                'wal_compression', 'work_mem')`

// Server returns the version of the server and the settings that matter here, as an ordinary connection has them.
func (s *Scratch) Server(ctx context.Context) (version string, settings map[string]string, err error) {
	conn, err := s.connect(ctx)
	if err != nil {
		return "", nil, err
	}
	defer closeConn(ctx, conn)
	if err := conn.QueryRow(ctx, `SHOW server_version`).Scan(&version); err != nil {
		return "", nil, fmt.Errorf("ask for the server's version: %w", err)
	}
	rows, err := conn.Query(ctx, settingsSQL)
	if err != nil {
		return "", nil, fmt.Errorf("read the settings: %w", err)
	}
	settings = map[string]string{}
	var name, value string
	if _, err := pgx.ForEachRow(rows, []any{&name, &value}, func() error { settings[name] = value; return nil }); err != nil {
		return "", nil, fmt.Errorf("read the settings: %w", err)
	}
	return version, settings, nil
}

// Dataset is what there is.
type Dataset struct {
	Users     int64 `json:"users"`
	Messages  int64 `json:"messages"`
	Foods     int64 `json:"foods"`
	Reminders int64 `json:"reminders"`
	Days      int64 `json:"days"`  // from the first message to the last
	Bytes     int64 `json:"bytes"` // of tables and their keys
}

const datasetSQL = `
SELECT /* healthagent:bench_rows */
       (SELECT count(*) FROM users), (SELECT count(*) FROM conversation_history), (SELECT count(*) FROM food_entries),
       (SELECT count(*) FROM reminders), pg_database_size(current_database())`

// Dataset counts the rows and weighs the database.
func (s *Scratch) Dataset(ctx context.Context, spec Spec) (d Dataset, err error) {
	d.Days = int64(spec.span().Hours() / 24)
	err = s.pool.QueryRow(ctx, datasetSQL).Scan(&d.Users, &d.Messages, &d.Foods, &d.Reminders, &d.Bytes)
	if err != nil {
		return d, fmt.Errorf("count the rows: %w", err)
	}
	return d, nil
}

// Rest closes the connections of the pool that nobody uses.
func (s *Scratch) Rest() { s.pool.Reset() }
