package inspect

import (
	"context"
	"strings"
)

// Progress is what takes long on the server just now.
type Progress struct {
	Builds  []Build  `json:"builds"`
	Drops   []Drop   `json:"drops"`
	Vacuums []Vacuum `json:"vacuums"`
	Partial []string `json:"partial,omitempty"`
}

// Build is an index being built. Its counters start anew in each phase, so there is no percentage of the whole.
type Build struct {
	PID      int      `json:"pid"`
	Table    string   `json:"table"`
	Index    string   `json:"index"` // empty unless it is CONCURRENTLY
	Command  string   `json:"command"`
	Phase    string   `json:"phase"`
	Step     int      `json:"step"` // of Steps; 0: before the first
	Steps    int      `json:"steps"`
	Done     int64    `json:"done"` // of Total, in Unit
	Total    int64    `json:"total"`
	Unit     string   `json:"unit"` // blocks, tuples, lockers, or nothing
	Pct      *float64 `json:"pct"`  // of this phase; nil: it does not tell
	ElapsedS Seconds  `json:"elapsed_s"`
	// Blocker is the session that the build waits for; nil when it does not wait.
	Blocker   *Blocker `json:"blocker"`
	BlockedBy []int    `json:"blocked_by,omitempty"` // what the lock manager says about it
}

// Blocker is a session that something waits for.
type Blocker struct {
	PID   int      `json:"pid"`
	App   string   `json:"app"`
	User  string   `json:"user"`
	State string   `json:"state"`
	XactS *Seconds `json:"xact_s"`
	Query string   `json:"query"` // name or first keyword
}

// The locker of the view keeps its last value after the wait is over: it counts in the waiting phases only.
const buildsSQL = `
SELECT /* healthagent:index_builds */
       p.pid,
       coalesce(t.relname::text, '') AS "table",
       coalesce(x.relname::text, '') AS index,
       p.command,
       p.phase,
       p.lockers_done, p.lockers_total, p.blocks_done, p.blocks_total, p.tuples_done, p.tuples_total,
       coalesce(extract(epoch FROM clock_timestamp() - a.query_start), 0)::float8 AS elapsed_s,
       CASE WHEN a.wait_event_type = 'Lock' THEN pg_blocking_pids(p.pid) END AS blocked_by,
       CASE WHEN p.phase LIKE 'waiting %' THEN nullif(p.current_locker_pid, 0) END::int AS locker
FROM   pg_stat_progress_create_index p
JOIN   pg_stat_activity a ON a.pid = p.pid
LEFT   JOIN pg_class t ON t.oid = p.relid
LEFT   JOIN pg_class x ON x.oid = p.index_relid
WHERE  p.datname = current_database() AND p.phase IS NOT NULL
ORDER  BY p.pid`

type buildRow struct {
	Build
	LockersDone, LockersTotal int64
	BlocksDone, BlocksTotal   int64
	TuplesDone, TuplesTotal   int64
	Locker                    *int
}

// Progress looks at index builds, drops and vacuums. It is quick.
func (i *Inspector) Progress(ctx context.Context) (Progress, error) {
	var found Progress
	err := i.look(ctx, "look at the progress", quick, func(ctx context.Context, s *session) (err error) {
		found, err = s.progress(ctx)
		return err
	})
	return found, err
}

func (s *session) progress(ctx context.Context) (found Progress, err error) {
	found.Builds = []Build{}
	rows, err := list[buildRow](ctx, s, buildsSQL)
	if err != nil {
		return found, err
	}
	if found.Drops, err = s.drops(ctx); err != nil {
		return found, err
	}
	var waited []int
	for _, r := range rows {
		b := r.build()
		waited = append(waited, b.waitsFor(r.Locker)...)
		found.Builds = append(found.Builds, b)
	}
	for _, d := range found.Drops {
		waited = append(waited, d.BlockedBy...)
	}
	who, err := s.blockers(ctx, waited)
	if err != nil {
		return found, err
	}
	for k := range found.Builds {
		found.Builds[k].Blocker = first(who, found.Builds[k].waitsFor(rows[k].Locker))
	}
	for k := range found.Drops {
		found.Drops[k].Blocker = first(who, found.Drops[k].BlockedBy)
	}
	if found.Vacuums, err = s.vacuums(ctx); err != nil {
		return found, err
	}
	if !s.monitor {
		found.Partial = append(found.Partial, s.needsMonitor("builds, drops and vacuums of other roles"))
	}
	return found, nil
}

func (r buildRow) build() Build {
	b := r.Build
	switch {
	case r.TuplesTotal > 0:
		b.Done, b.Total, b.Unit = r.TuplesDone, r.TuplesTotal, "tuples"
	case r.BlocksTotal > 0:
		b.Done, b.Total, b.Unit = r.BlocksDone, r.BlocksTotal, "blocks"
	case r.LockersTotal > 0:
		b.Done, b.Total, b.Unit = r.LockersDone, r.LockersTotal, "lockers"
	}
	if strings.HasPrefix(b.Phase, "waiting ") && r.LockersTotal > 0 {
		b.Done, b.Total, b.Unit = r.LockersDone, r.LockersTotal, "lockers"
	}
	if b.Total > 0 {
		percent := round1(100 * float64(min(b.Done, b.Total)) / float64(b.Total))
		b.Pct = &percent
	}
	b.Step, b.Steps = step(b.Command, b.Phase)
	return b
}

// waitsFor is whom a build waits for, the surest first.
func (b Build) waitsFor(locker *int) []int {
	pids := b.BlockedBy
	if locker != nil {
		pids = append([]int{*locker}, pids...)
	}
	return pids
}

// step counts the phases of a command as the server goes through them. A method without phases of its own builds in one.
func step(command, phase string) (number, of int) {
	phases := []string{"building index: scanning table", "building index: sorting live tuples", "building index: loading tuples in tree"}
	if strings.HasSuffix(command, "CONCURRENTLY") {
		phases = append([]string{"waiting for writers before build"}, phases...)
		phases = append(phases, "waiting for writers before validation", "index validation: scanning index",
			"index validation: sorting tuples", "index validation: scanning table", "waiting for old snapshots")
	}
	if command == "REINDEX CONCURRENTLY" {
		phases = append(phases, "waiting for readers before marking dead", "waiting for readers before dropping")
	}
	for k, p := range phases {
		if p == phase || number == 0 && strings.HasPrefix(p, phase) {
			number = k + 1
		}
	}
	return number, len(phases)
}
