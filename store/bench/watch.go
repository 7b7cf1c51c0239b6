package bench

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// lookEvery is short against a stall that somebody would notice.
const lookEvery = 10 * time.Millisecond

const slowWritesSQL = `
SELECT /* healthagent:bench_waits */ coalesce(wait_event_type || ':' || wait_event, 'running')
FROM   pg_stat_activity
WHERE  pid = ANY ($1) AND state = 'active' AND clock_timestamp() - query_start > interval '20 ms'`

// watch counts what the sessions wait for while act is at work.
func (s *Scratch) watch(ctx context.Context, pids []int32, act func(ctx context.Context) error) (map[string]int, error) {
	conn, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer closeConn(ctx, conn)
	waits := map[string]int{}
	over := make(chan error, 1)
	go func() { over <- act(ctx) }()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	var failed error
	for {
		select {
		case err := <-over:
			if err == nil {
				err = failed
			}
			return waits, err
		case <-tick.C:
			if failed == nil {
				failed = look(ctx, conn, pids, waits)
			}
		}
	}
}

func look(ctx context.Context, conn *pgx.Conn, pids []int32, waits map[string]int) error {
	rows, err := conn.Query(ctx, slowWritesSQL, pids)
	if err != nil {
		return fmt.Errorf("look what the writers wait for: %w", err)
	}
	events, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return fmt.Errorf("look what the writers wait for: %w", err)
	}
	for _, event := range events {
		waits[event]++
	}
	return nil
}
