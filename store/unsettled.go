package store

import (
	"context"
	"slices"
	"sync"
)

// unsettled are the server's processes that were sent a COMMIT and did not answer before their connection broke. Until such a process
// has ended its transaction may still come into effect, behind the back of whoever reads now: nothing read meanwhile may be kept.
type unsettled struct {
	mu   sync.Mutex
	pids []int32
}

func (u *unsettled) add(pid uint32) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.pids = append(u.pids, int32(pid))
}

func (u *unsettled) list() []int32 {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Clone(u.pids)
}

func (u *unsettled) remove(pids []int32) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.pids = slices.DeleteFunc(u.pids, func(pid int32) bool { return slices.Contains(pids, pid) })
}

const countBackendsSQL = `
SELECT /* count_backends */ count(*) FROM pg_stat_activity WHERE pid = ANY ($1)`

// settled reports whether what is read from now on may be kept.
func (s *Store) settled(ctx context.Context) bool {
	pids := s.unsettled.list()
	if len(pids) == 0 {
		return true
	}
	var alive int
	if err := s.pool.QueryRow(ctx, countBackendsSQL, pids).Scan(&alive); err != nil || alive > 0 {
		return false
	}
	s.unsettled.remove(pids)
	return true
}
