package migrations

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// watched runs one concurrent statement, alone, and tells meanwhile how far it is
// and who holds it up. It has no lock_timeout: cut in a wait, a build leaves an
// invalid index. So a person must be able to see what it waits for.
func (s *session) watched(ctx context.Context, sql string) error {
	watching, stop := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() { s.watch(watching) })
	err := s.run(ctx, sql)
	stop()
	watch.Wait()
	return err
}

// watch looks at the statement of the session until ctx ends, over a connection of
// its own that is opened when the statement takes longer than one look.
func (s *session) watch(ctx context.Context) {
	tick := time.NewTicker(s.cfg.Watch)
	defer tick.Stop()
	var w watchdog
	defer w.close()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := w.look(ctx, s); err != nil && ctx.Err() == nil {
			s.cfg.Logger.DebugContext(ctx, "a look at the build failed", "error", err)
			w.close()
		}
	}
}

// watchdog remembers between two looks what was told last.
type watchdog struct {
	conn *pgx.Conn
	told []int // pids of the blockers
}

func (w *watchdog) close() {
	if w.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), cleanupTime)
	defer cancel()
	_ = w.conn.Close(ctx) // it only looked
	w.conn = nil
}

// A drop has no progress view: then only the blockers tell.
const selectBuild = `
SELECT /* healthagent:watch_build */
       coalesce(p.phase, ''),
       coalesce(p.command LIKE 'REINDEX%', false),
       coalesce(p.lockers_done, 0), coalesce(p.lockers_total, 0),
       coalesce(p.blocks_done, 0),  coalesce(p.blocks_total, 0),
       coalesce(p.tuples_done, 0),  coalesce(p.tuples_total, 0),
       coalesce(extract(epoch FROM clock_timestamp() - a.query_start)::float8, 0),
       pg_blocking_pids($1)
FROM pg_stat_activity a
LEFT JOIN pg_stat_progress_create_index p ON p.pid = a.pid
WHERE a.pid = $1`

// look sends one progress event, and one more when the blockers have changed.
func (w *watchdog) look(ctx context.Context, s *session) error {
	ctx, cancel := context.WithTimeout(ctx, cleanupTime)
	defer cancel()
	if w.conn == nil {
		conn, err := s.engine.watchConn(ctx)
		if err != nil {
			return err
		}
		w.conn = conn
	}
	var (
		p                           Progress
		reindex                     bool
		lockers, blocks, tuples     int64
		lockersAll, blocksAll, tAll int64
		seconds                     float64
		pids                        []int
	)
	err := w.conn.QueryRow(ctx, selectBuild, int64(s.conn.PgConn().PID())).
		Scan(&p.Phase, &reindex, &lockers, &lockersAll, &blocks, &blocksAll, &tuples, &tAll, &seconds, &pids)
	if err != nil {
		return fmt.Errorf("look at the build: %w", err)
	}
	p.Number, p.Phases = phaseOf(p.Phase, reindex)
	p.Elapsed = time.Duration(seconds * float64(time.Second))
	switch waits := strings.HasPrefix(p.Phase, "waiting"); {
	case waits && lockersAll > 0:
		p.Unit, p.Done, p.Total = "sessions", lockers, lockersAll
	case !waits && tAll > 0:
		p.Unit, p.Done, p.Total = "tuples", tuples, tAll
	case !waits && blocksAll > 0:
		p.Unit, p.Done, p.Total = "blocks", blocks, blocksAll
	}
	// The last phase waits for every snapshot, that of this very look included.
	own := int(w.conn.PgConn().PID())
	pids = slices.DeleteFunc(pids, func(pid int) bool { return pid == own })
	blockers, err := w.blockers(ctx, pids)
	if err != nil {
		return err
	}
	s.report.send(Event{Kind: EventProgress, Progress: &p, Blockers: blockers})
	w.tell(ctx, s, p, blockers)
	return nil
}

// tell logs and reports blockers when they are others than before.
func (w *watchdog) tell(ctx context.Context, s *session, p Progress, blockers []Blocker) {
	var pids []int
	for _, b := range blockers {
		pids = append(pids, b.PID)
	}
	slices.Sort(pids)
	if slices.Equal(pids, w.told) {
		return
	}
	w.told = pids
	if len(blockers) == 0 {
		return
	}
	text := "waits for " + describe(blockers)
	s.cfg.Logger.WarnContext(ctx, "a build or drop of an index waits for other sessions", "index", s.report.object, "phase", p.Phase, "for", text)
	s.report.send(Event{Kind: EventBlocked, Text: text, Progress: &p, Blockers: blockers})
}

// describe names sessions for a sentence.
func describe(blockers []Blocker) string {
	var out []string
	for _, b := range blockers {
		out = append(out, b.String())
	}
	return strings.Join(out, ", ")
}

// String names the session, what it is and for how long its transaction has been open.
func (b Blocker) String() string {
	if b.PID == 0 {
		return "a prepared transaction"
	}
	text := fmt.Sprintf("pid %d (%s", b.PID, orUnknown(b.Application))
	if b.State != "" {
		text += ", " + b.State
	}
	if b.Age > 0 {
		text += ", for " + b.Age.Round(time.Second).String()
	}
	return text + ")"
}

const selectBlockers = `
SELECT /* healthagent:blockers */
       pid,
       coalesce(nullif(application_name, ''), backend_type, ''),
       coalesce(usename, ''),
       coalesce(state, ''),
       coalesce(extract(epoch FROM clock_timestamp() - coalesce(xact_start, query_start))::float8, 0),
       coalesce(backend_type, '')
FROM pg_stat_activity
WHERE pid = ANY ($1::int[])
ORDER BY xact_start NULLS LAST, pid`

func (w *watchdog) blockers(ctx context.Context, pids []int) ([]Blocker, error) {
	if len(pids) == 0 {
		return nil, nil
	}
	rows, err := w.conn.Query(ctx, selectBlockers, pids)
	if err != nil {
		return nil, fmt.Errorf("look who blocks: %w", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (b Blocker, err error) {
		var seconds float64
		err = row.Scan(&b.PID, &b.Application, &b.User, &b.State, &seconds, &b.Kind)
		b.Age = time.Duration(seconds * float64(time.Second))
		return b, err
	})
	if err != nil {
		return nil, fmt.Errorf("look who blocks: %w", err)
	}
	if slices.Contains(pids, 0) { // pg_blocking_pids' word for a prepared transaction
		out = append(out, Blocker{})
	}
	return out, nil
}

// watchConn opens the connection that looks while the session's own is at work.
func (e *Engine) watchConn(ctx context.Context) (*pgx.Conn, error) {
	c := e.conn.Copy()
	c.RuntimeParams["application_name"] = "healthagent-watch"
	c.RuntimeParams["statement_timeout"] = "2s"
	c.DefaultQueryExecMode = pgx.QueryExecModeExec
	conn, err := pgx.ConnectConfig(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("connect to watch a build: %w", err)
	}
	return conn, nil
}

// phaseOf numbers the phases of a concurrent build in their order; 0 for one that
// this program does not know.
func phaseOf(phase string, reindex bool) (number, of int) {
	phases := []string{
		"waiting for writers before build",
		"building index: scanning table",
		"building index: sorting live tuples",
		"building index: loading tuples in tree",
		"waiting for writers before validation",
		"index validation: scanning index",
		"index validation: sorting tuples",
		"index validation: scanning table",
		"waiting for old snapshots",
	}
	if reindex {
		phases = append(phases, "waiting for readers before marking dead", "waiting for readers before dropping")
	}
	return slices.Index(phases, phase) + 1, len(phases)
}
