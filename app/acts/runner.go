package acts

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"healthagent/migrations"
	"healthagent/store/inspect"
	"healthagent/tui/source"
)

// Config is what a Runner works with. Engine, Monitor, StateDir and Audit are required.
type Config struct {
	Engine   *migrations.Engine
	Monitor  *inspect.Inspector
	StateDir string // runs.json, reports and rescued are in it
	// Audit records who did what; what it does not take is logged and does not keep an act from being done.
	Audit func(ctx context.Context, actor, action, subject string, detail json.RawMessage) error
	// State is the newest state of the system, for sizes, scans and times; nil, or a nil part, is not known.
	State func() *source.Snapshot
	// Glance is State for a look that nobody asked for; it must cost nothing. Nil: other processes' work is not shown.
	Glance func() *source.Snapshot
	// Figures tells how often statements were called in a stretch of time, and their p95; of what is not known there is nothing. Nil: what
	// State shows is used, which is rougher.
	Figures func(names []string, from, to time.Time) map[string]Figures
	Changed func()             // Runs has something new; nil: nobody wants to know. It must not block.
	Done    func()             // the ledger or an index may be another now; nil: nobody wants to know. It must not block.
	Note    func(source.Event) // a line for the log of the screen, without Seq; nil: nobody wants it. It must not block.

	Now    func() time.Time     // nil: time.Now
	Every  time.Duration        // how often what has ended is looked at; 0: 5 s
	Origin func(pid int) string // from where a process is used; nil: Origin
	Logger *slog.Logger         // nil: none
}

// Figures of a statement in a stretch of time.
type Figures struct {
	Calls int64
	P95MS float64 // 0 without a call
}

// kept is how many runs are remembered.
const kept = 20

// Runner previews and does acts. Its methods may be called concurrently. Run must be running for anything to be done.
type Runner struct {
	cfg  Config
	file string
	work sync.WaitGroup

	saving sync.Mutex // orders the writing of the file

	mu    sync.Mutex
	life  context.Context // of Run; nil: it has not begun
	runs  []*record       // the newest first
	busy  *live           // the act that runs; nil: none
	slot  string          // the token of one that is about to; empty: none
	begun map[string]bool // tokens that are being looked at

	tried  []trial     // the plans that previews showed, the newest last
	abroad *source.Run // what another process is at; nil: nothing
}

// record is a run, and what only we need to know of it.
type record struct {
	Run   source.Run `json:"run"`
	Token string     `json:"token,omitempty"`
	Facts facts      `json:"facts"`
}

// live is the run at work.
type live struct {
	*record
	keys   []stepKey
	ctx    context.Context // of the act: it ends with the daemon, or when somebody cancels it
	cancel context.CancelCauseFunc
	stop   chan struct{} // closed: after the step at work
	by     string        // who cancelled it
	begun  time.Time     // the step at work
}

// New returns a Runner that knows the runs of the one before it. A run that was at work then is unknown until the ledger was asked.
func New(c Config) *Runner {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Every <= 0 {
		c.Every = 5 * time.Second
	}
	if c.Origin == nil {
		c.Origin = Origin
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.State == nil {
		c.State = func() *source.Snapshot { return nil }
	}
	if c.Glance == nil {
		c.Glance = func() *source.Snapshot { return nil }
	}
	r := &Runner{cfg: c, file: filepath.Join(c.StateDir, "runs.json"), begun: map[string]bool{}}
	r.load()
	return r
}

// Run lets acts be done until ctx ends; then what runs is cancelled, and it returns when that has cleaned up behind itself.
func (r *Runner) Run(ctx context.Context) {
	r.mu.Lock()
	r.life = ctx
	r.mu.Unlock()
	tick := time.NewTicker(r.cfg.Every)
	defer tick.Stop()
	r.changed() // what the process before has left
	r.Look(ctx)
	for {
		select {
		case <-ctx.Done():
			r.mu.Lock() // no act begins from here on: each looks at life under the lock
			r.mu.Unlock()
			r.work.Wait()
			return
		case <-tick.C:
			r.Look(ctx)
		}
	}
}

// Look brings up to date what has ended: how its statements fare, and what became of a run that nobody saw end.
func (r *Runner) Look(ctx context.Context) {
	r.resolve(ctx)
	r.watch(ctx)
	r.foreign(ctx)
}

// Runs are the acts that run and those that have ended last, the newest first; never nil. The caller may keep them and must not alter
// what they point to.
func (r *Runner) Runs() []source.Run {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([]source.Run, 0, len(r.runs)+1)
	if r.abroad != nil && r.busy == nil {
		out = append(out, copied(*r.abroad))
	}
	for _, rec := range r.runs {
		out = append(out, copied(rec.Run))
	}
	return out
}

// copied is a run that shares nothing that is altered later.
func copied(run source.Run) source.Run {
	run.Steps = append([]source.Step{}, run.Steps...)
	run.Blockers = append([]source.Blocker{}, run.Blockers...)
	run.Effects = append([]source.Effect{}, run.Effects...)
	if run.Watch != nil {
		watch := *run.Watch
		run.Watch = &watch
	}
	return run
}

// changed tells whoever draws.
func (r *Runner) changed() {
	if r.cfg.Changed != nil {
		r.cfg.Changed()
	}
}

// done tells whoever reads the ledger and the indexes.
func (r *Runner) done() {
	if r.cfg.Done != nil {
		r.cfg.Done()
	}
}

func (r *Runner) note(level, subject, text string) {
	if r.cfg.Note != nil {
		r.cfg.Note(source.Event{Time: r.cfg.Now(), Level: level, Kind: "act", Subject: subject, Text: text})
	}
}

// add puts a new run in front; the lock is held.
func (r *Runner) add(rec *record) {
	r.runs = slices.Insert(r.runs, 0, rec)
	if len(r.runs) > kept {
		r.runs = r.runs[:kept]
	}
}

// trial is the plans that a preview showed. They are not tried again when it is done: that would lock the tables once more.
type trial struct {
	id    string // of the preview
	plans []source.PreviewQuery
}

// remember keeps the plans of a preview for its report.
func (r *Runner) remember(id string, plans []source.PreviewQuery) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tried = append(r.tried, trial{id, plans})
	r.tried = r.tried[max(len(r.tried)-kept, 0):]
}

// recall is what remember was given, nil when that was long ago.
func (r *Runner) recall(id string) []source.PreviewQuery {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.tried {
		if t.id == id {
			return t.plans
		}
	}
	return nil
}

// byToken finds the run that a token began, nil when it began none; the lock is held.
func (r *Runner) byToken(token string) *record {
	for _, rec := range r.runs {
		if token != "" && rec.Token == token {
			return rec
		}
	}
	return nil
}

// state is the newest state of the system; never nil.
func (r *Runner) state() *source.Snapshot {
	if s := r.cfg.State(); s != nil {
		return s
	}
	return &source.Snapshot{}
}

// newID is a short random name.
func newID() string {
	var raw [4]byte
	_, _ = rand.Read(raw[:]) // it never fails
	return hex.EncodeToString(raw[:])
}
