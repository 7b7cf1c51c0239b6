package sampler

import (
	"context"
	"maps"
	"slices"
	"time"

	"healthagent/store/inspect"
	"healthagent/tui/source"
)

// patience is what a collector that asks PostgreSQL may take: its statements have budgets of their own, but the one connection may have
// to be made first, and others have their turn on it.
const patience = 5 * time.Second

// lists is what was read last of the database. It is the loop's.
type lists struct {
	pulse      *inspect.Pulse // nil: never read
	pulseAt    time.Time
	postgres   source.Postgres
	indexes    *inspect.Indexes
	indexPart  source.Part
	usePart    source.Part // of how they are used
	server     *inspect.Server
	migrations *source.Migrations
	settled    *source.Migrations // the last at which nobody was at work
	ready      *source.Ready
	queues     *source.Queues
	redis      *source.Redis
	activity   *source.Activity
}

// all is every collector, in no order.
func (s *Sampler) all() []*collector {
	list := []*collector{
		{name: "pulse", every: 5 * time.Second, idle: 5 * time.Second, server: true, first: true, retry: 2 * time.Second, read: s.readPulse, lost: s.lostPulse},
		{name: "usage", every: 30 * time.Second, idle: 30 * time.Second, server: true, read: s.readUsage, lost: s.lostUsage},
		{name: "indexes", every: 5 * time.Minute, idle: 10 * time.Minute, server: true, acts: true, read: s.readIndexes, lost: s.lostIndexes},
		{name: "server", every: 5 * time.Minute, idle: 30 * time.Minute, server: true, read: s.readServer, lost: s.lostServer},
		{name: "plans", every: 30 * time.Second, idle: 10 * time.Minute, server: true, acts: true, read: s.readPlans, lost: s.lostPlans},
		{name: "statements", every: 30 * time.Second, server: true, read: s.readPages, lost: s.lostPages},
		// the dearest of them, and whoever changes the ledger here tells: between others' changes there is time
		{name: "migrations", every: 10 * time.Second, idle: time.Minute, server: true, acts: true, read: s.readMigrations, lost: s.lostMigrations},
		{name: "blocked", every: 5 * time.Second, server: true, read: s.readBlocked, lost: ignored},
		{name: "queues", every: 5 * time.Second, read: s.readQueues, lost: ignored},
		{name: "ready", every: 2 * time.Second, idle: 10 * time.Second, acts: true, read: s.readReady, lost: ignored},
		{name: "redis", every: time.Second, retry: 2 * time.Second, read: s.readRedis, lost: s.lostRedis},
	}
	for _, c := range list {
		c.budget = patience
		c.woken = make(chan struct{}, 1)
	}
	return list
}

// ignored is what happens to a failure that others tell of.
func ignored(source.Part, error) {}

func (s *Sampler) readReady(ctx context.Context, src *Sources) (func(source.Part), error) {
	if src.Ready == nil {
		return nil, nil
	}
	r := src.Ready(ctx)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return func(source.Part) {
		before := s.lists.ready
		s.lists.ready = &r
		s.hub.publish(&source.Snapshot{Ready: &r, Log: readyEvents(s.now(), before, &r)})
	}, nil
}

func (s *Sampler) readQueues(ctx context.Context, src *Sources) (func(source.Part), error) {
	if src.Queues == nil {
		return nil, nil
	}
	q, err := src.Queues(ctx)
	if err != nil {
		return nil, err
	}
	return func(source.Part) {
		s.lists.queues = &q
		s.hub.publish(&source.Snapshot{Queues: &q})
	}, nil
}

func (s *Sampler) readServer(ctx context.Context, src *Sources) (func(source.Part), error) {
	if src.Server == nil {
		return nil, nil
	}
	server, err := src.Server(ctx)
	if err != nil {
		return nil, err
	}
	return func(source.Part) { s.lists.server = &server }, nil
}

func (s *Sampler) lostServer(part source.Part, err error) {
	s.log.Debug("looking at the server", "error", part.Error, "late", late(err))
}

func (s *Sampler) readPlans(ctx context.Context, src *Sources) (func(source.Part), error) {
	if src.Plans == nil {
		return nil, nil
	}
	plans, err := src.Plans(ctx)
	if err != nil {
		return nil, err
	}
	return func(part source.Part) {
		s.book.plans = part
		users := s.book.users()
		if changed := s.book.readPlans(s.now(), plans, src.Named); len(changed) > 0 {
			s.hub.publish(&source.Snapshot{Log: changed})
			s.listStatements(s.now())
		}
		if !maps.EqualFunc(users, s.book.users(), slices.Equal) {
			s.listIndexes()
		}
	}, nil
}

func (s *Sampler) lostPlans(part source.Part, _ error) { s.book.plans = part }

func (s *Sampler) readPages(ctx context.Context, src *Sources) (func(source.Part), error) {
	if src.Statements == nil {
		return nil, nil
	}
	found, err := src.Statements(ctx)
	if err != nil {
		return nil, err
	}
	return func(part source.Part) {
		s.book.pages = part
		s.book.readPages(found)
	}, nil
}

func (s *Sampler) lostPages(part source.Part, _ error) {
	s.book.pages = part
}

// readBlocked looks who waits for whom, when somebody does.
func (s *Sampler) readBlocked(ctx context.Context, src *Sources) (func(source.Part), error) {
	if src.Activity == nil {
		return nil, nil
	}
	if p := s.hub.current().Postgres; p == nil || p.Blocked == 0 {
		return func(source.Part) { s.lists.activity = nil }, nil
	}
	a, err := s.Activity(ctx)
	if err != nil {
		return nil, err
	}
	return func(source.Part) { s.lists.activity = &a }, nil
}
