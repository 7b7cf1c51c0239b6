package sampler

import (
	"context"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"healthagent/tui/source"
)

// Config is what a Sampler needs.
type Config struct {
	Version string
	Label   string           // what this daemon is when it is no real one, see source.Snapshot
	Host    string           // empty: what the machine calls itself
	Dir     string           // where the history is kept, and of whose file system the room is told; empty: nowhere
	Phase   func() string    // what the start waits for, empty once it is over; nil: there is no start
	Now     func() time.Time // nil: time.Now
	Logger  *slog.Logger     // nil: discarded
}

// Sampler looks at everything once for all viewers. Its exported methods may be called concurrently, before, during and after Run.
type Sampler struct {
	config Config
	now    func() time.Time
	log    *slog.Logger
	hub    *hub

	sources    atomic.Pointer[Sources]
	away       atomic.Bool // PostgreSQL cannot be reached: only one collector tries
	collectors []*collector
	work       chan func() // for the loop, which alone touches what is below
	activity   shared

	tick    ticker
	cost    cost
	book    book
	usage   usage
	lists   lists
	told    told
	disk    *disk
	kept    keeper
	running sync.WaitGroup
}

// New prepares a sampler with the history that is on disk. What cannot be read there is set aside and logged, and the history begins
// anew.
func New(c Config) *Sampler {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Phase == nil {
		c.Phase = func() string { return "" }
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Host == "" {
		c.Host, _ = os.Hostname() // without a name it has none
	}
	first := &source.Snapshot{Protocol: source.Protocol, Version: c.Version, Label: c.Label, Host: c.Host, Time: c.Now(), Phase: c.Phase()}
	s := &Sampler{config: c, now: c.Now, log: c.Logger, hub: newHub(c.Now, c.Phase, first), work: make(chan func())}
	s.tick = newTicker(c.Dir, c.Now())
	s.book = newBook(c.Now())
	s.usage = newUsage()
	s.told = newTold(c.Now())
	s.collectors = s.all()
	s.remember()
	s.Note(source.Event{Kind: "daemon", Level: "info", Text: "started " + c.Version})
	if c.Label != "" {
		s.Note(source.Event{Kind: "daemon", Level: "warn", Text: c.Label})
	}
	return s
}

// Attach says where the figures come from. It is called once the daemon's rooms are open, and once only.
func (s *Sampler) Attach(src Sources) {
	s.sources.Store(&src)
	s.askAll()
}

// Run samples until ctx ends, and then writes what it knows to the disk and ends all that follow. It is called once.
func (s *Sampler) Run(ctx context.Context) {
	defer s.hub.close()
	defer s.disk.close()
	defer s.save()
	defer s.running.Wait()
	for _, c := range s.collectors {
		s.running.Go(func() { s.collect(ctx, c) })
	}
	clock := time.NewTimer(0)
	defer clock.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-clock.C:
			s.safely("sampling", s.sample)
			clock.Reset(untilNext(s.now()))
		case do := <-s.work:
			s.safely("collecting", do)
		case <-s.hub.came:
			s.safely("sampling", s.welcome)
		}
	}
}

// welcome brings up to date what was not while nobody looked.
func (s *Sampler) welcome() {
	for _, c := range s.collectors {
		c.wake()
	}
	if now := s.now(); s.book.due(now, 5*time.Second) {
		s.listStatements(now)
		s.judge(now)
	}
}

// untilNext is the time until a moment in the next second that is not too near to its edges: each second is sampled once.
func untilNext(now time.Time) time.Duration {
	return time.Second - time.Duration(now.Nanosecond()) + 100*time.Millisecond
}

// safely keeps a mistake of ours in here from ending the daemon.
func (s *Sampler) safely(what string, do func()) {
	defer func() {
		if p := recover(); p != nil {
			s.log.Error(what+" failed by a mistake of the program", "stack", string(debug.Stack()))
		}
	}()
	do()
}

// Follow calls send with the whole state, then with each change, one after the other, until ctx or the sampler ends, or send fails. It
// returns send's error, or why there is nothing to follow.
func (s *Sampler) Follow(ctx context.Context, send func(*source.Snapshot) error) error {
	return s.hub.follow(ctx, send)
}

// Snapshot is the whole state as it was known last.
func (s *Sampler) Snapshot() *source.Snapshot { return s.hub.snapshot() }

// State is the state as it was known last, without its history and log. Unlike Snapshot it does not count as looking.
func (s *Sampler) State() *source.Snapshot { return s.hub.current() }

// Note writes a line of the log. Its time is now when it has none.
func (s *Sampler) Note(e source.Event) {
	if e.Time.IsZero() {
		e.Time = s.now()
	}
	s.hub.publish(&source.Snapshot{Log: []source.Event{e}})
}

// SetRuns says which acts are under way and which ended last, the newest first; nobody may change the list afterwards.
func (s *Sampler) SetRuns(runs []source.Run) {
	if runs == nil {
		runs = []source.Run{}
	}
	s.hub.publish(&source.Snapshot{Runs: runs})
}

// Poke has the ledger and the indexes read anew at once: something has been done to them.
func (s *Sampler) Poke() {
	for _, c := range s.collectors {
		if c.acts {
			c.ask()
		}
	}
}

// Refresh has everything read anew, which it does once in two seconds at most.
func (s *Sampler) Refresh() {
	if s.hub.mayRefresh() {
		s.askAll()
	}
}

func (s *Sampler) askAll() {
	for _, c := range s.collectors {
		c.ask()
	}
}
