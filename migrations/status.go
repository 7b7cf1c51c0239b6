package migrations

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"time"
)

// Entry is where one migration stands.
type Entry struct {
	Version   int
	Name      string
	State     State
	Class     Class
	Held      []string // indexes that are held; never nil
	Objects   []Object // of an index-only migration; never nil
	AppliedAt *time.Time
	Duration  time.Duration // of the last run in either direction
	Error     string        // why the last run failed; may stand beside applied
	Done      int           // statements of a running or partial one
	Total     int
	Unknown   bool // this binary has no such file
	Edited    bool // the file differs from what was applied
}

// BuildTime is what applying it takes, by the last time: of an index-only migration what its
// indexes took, whatever happened to it since. It is 0 when that is not known.
func (e Entry) BuildTime() time.Duration {
	if e.Class != IndexOnly {
		if e.State != Applied {
			return 0 // Duration is that of its rollback
		}
		return e.Duration
	}
	var sum float64
	for _, o := range e.Objects {
		if o.BuildMS == 0 {
			return 0
		}
		sum += o.BuildMS
	}
	return time.Duration(sum * float64(time.Millisecond))
}

// entryDocument is an Entry as the command line and the admin socket write it: the
// version as "017", the duration in milliseconds.
type entryDocument struct {
	Version    string     `json:"version"`
	Name       string     `json:"name"`
	State      State      `json:"state"`
	Class      Class      `json:"class"`
	Held       []string   `json:"held"`
	Objects    []Object   `json:"objects,omitempty"`
	AppliedAt  *time.Time `json:"applied_at,omitempty"`
	DurationMS float64    `json:"duration_ms"`
	Error      string     `json:"error,omitempty"`
	Done       int        `json:"statements_done"`
	Total      int        `json:"statements_total"`
	Unknown    bool       `json:"unknown,omitempty"`
	Edited     bool       `json:"edited,omitempty"`
}

// MarshalJSON writes the version as "017" and the duration in milliseconds.
func (e Entry) MarshalJSON() ([]byte, error) {
	return json.Marshal(entryDocument{
		Label(e.Version), e.Name, e.State, e.Class, append([]string{}, e.Held...), e.Objects, e.AppliedAt,
		float64(e.Duration.Microseconds()) / 1000, e.Error, e.Done, e.Total, e.Unknown, e.Edited,
	})
}

// UnmarshalJSON reads what MarshalJSON writes; of the duration, microseconds are left.
func (e *Entry) UnmarshalJSON(data []byte) error {
	var d entryDocument
	if err := json.Unmarshal(data, &d); err != nil {
		return err
	}
	version, err := ParseVersion(d.Version)
	if err != nil {
		return err
	}
	*e = Entry{
		version, d.Name, d.State, d.Class, append([]string{}, d.Held...), append([]Object{}, d.Objects...), d.AppliedAt,
		time.Duration(math.Round(d.DurationMS*1000)) * time.Microsecond, d.Error, d.Done, d.Total, d.Unknown, d.Edited,
	}
	return nil
}

// Status returns every migration that the binary or the ledger knows, ordered by
// version. It takes no lock, changes nothing, and works on an empty database and
// on one that is newer than the binary.
func (e *Engine) Status(ctx context.Context) ([]Entry, error) {
	list, _, err := e.Look(ctx)
	return list, err
}

// Look is Status and Holder over one connection, for who looks again and again.
func (e *Engine) Look(ctx context.Context) ([]Entry, *Holder, error) {
	s, err := e.connect(ctx)
	if err != nil {
		return nil, nil, err
	}
	defer s.close()
	ledger, err := s.look(ctx)
	if err != nil {
		return nil, nil, err
	}
	holder, err := s.holder(ctx)
	if err != nil {
		return nil, nil, err
	}
	return entries(e.files, ledger), holder, nil
}

// Check returns the reason for which Up would refuse to start, nil when there is
// none; pending and held migrations are no reason. It takes no lock.
func (e *Engine) Check(ctx context.Context) error {
	s, err := e.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	ledger, err := s.look(ctx)
	if err != nil {
		return err
	}
	return check(e.files, ledger, 0)
}

// Holder returns the session that holds the migration lock at this moment, nil when
// nobody migrates.
func (e *Engine) Holder(ctx context.Context) (*Holder, error) {
	s, err := e.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close()
	return s.holder(ctx)
}

// look reads the ledger without the lock. A running row without a holder of the
// lock is shown as what its dead process left. The rows are read first: a run that
// begins in between has its row written before, or is not seen at all.
func (s *session) look(ctx context.Context) ([]record, error) {
	ledger, err := readLedger(ctx, s.conn)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(ledger, func(r record) bool { return r.State == Running }) {
		return ledger, nil
	}
	holder, err := s.holder(ctx)
	if err != nil || holder != nil {
		return ledger, err
	}
	// Its process may have finished between the two looks: only what is still
	// marked running now was left by a dead one.
	if ledger, err = readLedger(ctx, s.conn); err != nil {
		return nil, err
	}
	for i := range ledger {
		ledger[i] = ledger[i].settled()
	}
	return ledger, nil
}

// entries merges the files and the ledger.
func entries(files []Migration, ledger []record) []Entry {
	out := make([]Entry, 0, len(files))
	for _, r := range ledger {
		out = append(out, Entry{
			Version: r.Version, Name: r.Name, State: r.State, Class: r.Class,
			Held: r.heldObjects(), Objects: append([]Object{}, r.Objects...), AppliedAt: r.AppliedAt, Duration: r.Duration,
			Error: r.Error, Done: r.Done, Total: r.Total, Unknown: true,
		})
	}
	for _, m := range files {
		i := slices.IndexFunc(out, func(e Entry) bool { return e.Version == m.Version })
		if i < 0 {
			out = append(out, Entry{
				Version: m.Version, Name: m.Name, State: Pending, Class: m.Class,
				Held: []string{}, Objects: append([]Object{}, objectsOf(m.Up.SQL, ObjectPending)...), Total: len(m.Up.Statements),
			})
			continue
		}
		r := byVersion(ledger, m.Version)
		out[i].Unknown = false
		out[i].Edited = r.present() && (r.Name != m.Name || edited(m, *r) != nil)
	}
	slices.SortFunc(out, func(a, b Entry) int { return a.Version - b.Version })
	return out
}
