package source

import (
	"context"
	"slices"
	"sync"
	"time"
)

// failoverTime is how long the daemon is waited for before the database is asked itself: a restart takes less.
const failoverTime = 2 * time.Second

// FailoverConfig is two ways to the state. Only Primary has no default.
type FailoverConfig struct {
	Primary Source
	Direct  Source        // what knows a part of the state and needs no daemon; nil: there is none
	Delay   time.Duration // how long Primary is down before Direct is asked; 0: 2 s
	Now     func() time.Time
	After   func(d time.Duration, do func()) (stop func() bool) // nil: time.AfterFunc
}

// Failover is one way while that works, and another meanwhile. What the other does not know stays as it was known last, with its age.
type Failover struct {
	conf FailoverConfig

	mu     sync.Mutex
	direct bool  // questions and acts go to Direct
	runs   []Run // those of Direct
}

var _ Source = (*Failover)(nil)

// NewFailover asks nobody yet.
func NewFailover(c FailoverConfig) *Failover {
	if c.Delay == 0 {
		c.Delay = failoverTime
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.After == nil {
		c.After = after
	}
	return &Failover{conf: c}
}

// Retry implements Source.
func (f *Failover) Retry() {
	f.conf.Primary.Retry()
	if f.conf.Direct != nil {
		f.conf.Direct.Retry()
	}
}

// Ask implements Source.
func (f *Failover) Ask(ctx context.Context, path string, into any) error {
	if f.isDirect() {
		return f.conf.Direct.Ask(ctx, path, into)
	}
	return f.conf.Primary.Ask(ctx, path, into)
}

// Do implements Source. What is to be cancelled is cancelled where it runs.
func (f *Failover) Do(ctx context.Context, act Act, token, typed string) (string, error) {
	if f.isDirect() || act.Verb == Cancel && f.runsDirectly(act) {
		return f.conf.Direct.Do(ctx, act, token, typed)
	}
	return f.conf.Primary.Do(ctx, act, token, typed)
}

func (f *Failover) isDirect() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.direct
}

func (f *Failover) runsDirectly(act Act) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, r := range f.runs {
		if !r.Over() && r.Act.Object == act.Object && r.Act.Name == act.Name {
			return true
		}
	}
	return false
}

// Follow implements Source. It is called once at a time.
func (f *Failover) Follow(ctx context.Context, show func(*Snapshot)) {
	if f.conf.Direct == nil {
		f.conf.Primary.Follow(ctx, show)
		return
	}
	Relay(ctx, show, func(ctx context.Context, post func(*Snapshot)) {
		s := &switcher{failover: f, post: post, due: make(chan struct{}, 1)}
		s.run(ctx)
	})
}

func (f *Failover) setDirect(direct bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.direct = direct
}

func (f *Failover) note(d *Snapshot) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.runs = d.Runs
}

// joinedRuns are all runs, the newest first. What was done in this process stays to be seen when the daemon is back.
func (f *Failover) joinedRuns(runs []Run) []Run {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.runs) == 0 {
		return runs
	}
	all := slices.Concat(f.runs, runs)
	slices.SortStableFunc(all, func(a, b Run) int { return b.Started.Compare(a.Started) })
	return all
}
