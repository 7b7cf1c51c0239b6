package direct

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"

	"healthagent/app/report"
	"healthagent/app/sampler"
	"healthagent/app/schema"
	"healthagent/store"
	"healthagent/store/inspect"
	"healthagent/tui/source"
)

// look is one Follow.
type look struct {
	src     *Source
	sampler *sampler.Sampler
	post    func(*source.Snapshot)
	since   time.Time

	mu      sync.Mutex
	state   *source.Snapshot // without history; nil: nothing is known
	figures figures
}

func newLook(s *Source, post func(*source.Snapshot)) *look {
	l := &look{src: s, post: post, since: s.conf.Now()}
	l.sampler = sampler.New(sampler.Config{Version: s.conf.Version, Host: s.conf.Host, Now: s.conf.Now, Logger: s.log})
	plans := report.NewPlans(s.monitor, s.conf.Now)
	l.sampler.Attach(sampler.Sources{
		Named: store.NamedQueries(), Pulse: s.monitor.Pulse, Usage: s.monitor.Usage, Indexes: s.monitor.Indexes, Server: s.monitor.Server,
		Migrations: func(ctx context.Context) (source.Migrations, error) { return report.ReadLedger(ctx, s.engine) },
		Activity:   func(ctx context.Context) (source.Activity, error) { return report.ReadActivity(ctx, s.monitor) },
		Owners:     func() map[string]string { return schema.Owners(s.engine) },
		Statements: func(ctx context.Context) (inspect.Statements, error) {
			begun := time.Now()
			found, err := s.monitor.Statements(ctx, mostStatements)
			l.note(func(f *figures, now time.Time) { f.count(now, time.Since(begun), found, err) })
			return found, err
		},
		Plans: func(ctx context.Context) (map[string]sampler.Reading, error) {
			found, err := plans.Read(ctx, 0)
			out := map[string]sampler.Reading{}
			for name, r := range found {
				out[name] = sampler.Reading(r)
			}
			l.note(func(f *figures, _ time.Time) { f.plans = out })
			return out, err
		},
	})
	return l
}

func (l *look) note(do func(f *figures, now time.Time)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	do(&l.figures, l.src.conf.Now())
}

// take merges a change of the sampler's and shows what is known now.
func (l *look) take(change *source.Snapshot) error {
	c, err := fresh(change)
	if err != nil {
		return err
	}
	c.History, c.Samples = nil, nil // who puts this over the daemon's state has its history
	l.mu.Lock()
	l.state = l.state.Merge(c)
	l.mu.Unlock()
	l.show()
	return nil
}

// fresh is a copy that shares nothing and is safe for a terminal.
func fresh[T any](value *T) (*T, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("copy a state: %w", err)
	}
	var out T
	if err := json.Unmarshal(raw, &out); err != nil {
		return nil, fmt.Errorf("copy a state: %w", err)
	}
	return source.Clean(&out), nil
}

// show posts what is known, once the database was tried.
func (l *look) show() {
	if s := l.whole(); s != nil {
		l.post(s)
	}
}

// whole is what the database knows. What could not be read yet is nil.
func (l *look) whole() *source.Snapshot {
	runs := l.src.acts.Runs()
	shown, err := fresh(&runs)
	if err != nil {
		l.src.log.Error("the acts cannot be shown", "error", err)
		shown = &[]source.Run{}
	}
	for i := range *shown {
		(*shown)[i].Here = true
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state == nil || l.state.Postgres == nil {
		return nil
	}
	n := *l.state
	n.System, n.Runs = nil, *shown
	you := l.src.who.You
	n.You, n.Link = &you, l.link(n.Postgres)
	if n.Postgres.At.IsZero() {
		n.Postgres = nil
	}
	if n.Indexes != nil && n.Indexes.At.IsZero() {
		n.Indexes = nil
	}
	if n.Migrations != nil && n.Migrations.At.IsZero() {
		n.Migrations = nil
	}
	n.Statements = l.figures.shown(n.Time, l.src.conf.Slow)
	n.Log = slices.DeleteFunc(slices.Clone(n.Log), func(e source.Event) bool { return e.Kind == "daemon" }) // it is none
	return &n
}

// link says whether the database answers.
func (l *look) link(p *source.Postgres) *source.Link {
	k := &source.Link{State: source.LinkLive, Since: l.since, Heard: p.At, Acts: Warning}
	if p.Down != "" || p.At.IsZero() {
		k.State, k.Since, k.Attempt = source.LinkDown, p.DownSince, p.Attempt
		k.Reason = "nor does the database answer: " + p.Error
	}
	return k
}

// known is the state for acts: nothing in it is NaN.
func (l *look) known() *source.Snapshot {
	s := *l.sampler.State()
	l.mu.Lock()
	defer l.mu.Unlock()
	s.Statements = l.figures.list(s.Time, l.src.conf.Slow)
	return &s
}
