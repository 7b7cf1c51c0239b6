package sampler

import (
	"context"
	"strings"
	"time"

	"healthagent/store"
	"healthagent/store/inspect"
	"healthagent/tui/source"
)

func (s *Sampler) readPulse(ctx context.Context, src *Sources) (func(source.Part), error) {
	if src.Pulse == nil {
		return nil, nil
	}
	p, err := src.Pulse(ctx)
	if err != nil {
		return nil, err
	}
	return func(part source.Part) { s.usePulse(part, p) }, nil
}

func (s *Sampler) usePulse(part source.Part, p inspect.Pulse) {
	l, now := &s.lists, s.now()
	pg := l.postgres
	was := pg.Down
	pg.Part, pg.Down, pg.DownSince, pg.Attempt = part, "", time.Time{}, 0
	pg.Version, pg.Started, pg.Durable = p.Version, p.Started, p.Durable
	pg.Used, pg.Usable, pg.Blocked, pg.XIDAge = p.Used, p.Usable, p.Waiting, p.XIDAge
	pg.OldestXactS = seconds(p.OldestXactS)
	pg.CostMS = s.cost.ms(now)
	if old := l.pulse; old != nil && old.Started.Equal(p.Started) {
		rates(&pg, *old, p, now.Sub(l.pulseAt))
	} else {
		pg.XactPerS, pg.RollbackPct, pg.HitPct = nil, nil, nil
	}
	l.pulse, l.pulseAt, l.postgres = &p, now, pg
	t := &s.tick.seen
	t.serverAt, t.connections, t.blocked, t.transactions = now, float64(p.Used), float64(p.Waiting), nan()
	if pg.XactPerS != nil {
		t.transactions = *pg.XactPerS
	}
	change := &source.Snapshot{Postgres: &pg}
	if was != "" {
		change.Log = []source.Event{{Time: now, Level: "info", Kind: "postgres", Text: "PostgreSQL answers again"}}
	}
	s.hub.publish(change)
	if s.away.Swap(false) {
		s.askAll()
	}
}

// rates fills in what the differences of two pulses tell. Counters that went back were reset.
func rates(pg *source.Postgres, old, p inspect.Pulse, past time.Duration) {
	commits, rollbacks := p.Commits-old.Commits, p.Rollbacks-old.Rollbacks
	if past < 100*time.Millisecond || commits < 0 || rollbacks < 0 {
		return
	}
	perS := float64(commits+rollbacks) / past.Seconds()
	pg.XactPerS = &perS
	if commits+rollbacks > 0 {
		share := 100 * float64(rollbacks) / float64(commits+rollbacks)
		pg.RollbackPct = &share
	}
	hit, read := p.PagesHit-old.PagesHit, p.PagesRead-old.PagesRead
	if hit >= 0 && read >= 0 && hit+read > 0 {
		share := 100 * float64(hit) / float64(hit+read)
		pg.HitPct = &share
	}
}

// softly is how many pulses in a row may be late before the server counts as away: once it may just be busy.
const softly = 2

// lostPulse judges whether PostgreSQL is away. What it said last stays.
func (s *Sampler) lostPulse(part source.Part, err error) {
	l, now := &s.lists, s.now()
	pg := l.postgres
	pg.Error, pg.CostMS = part.Error, s.cost.ms(now)
	pg.Attempt++
	change := &source.Snapshot{Postgres: &pg}
	away := !store.Answered(err) && (!late(err) || pg.Attempt >= softly)
	switch {
	case away && pg.Down == "":
		pg.Down, pg.DownSince = part.Error, now
		text := part.Error
		if !strings.HasPrefix(text, "PostgreSQL ") {
			text = "PostgreSQL is away: " + text
		}
		change.Log = []source.Event{{Time: now, Level: "error", Kind: "postgres", Text: text}}
		s.away.Store(true)
	case away:
		pg.Down = part.Error
	}
	l.postgres = pg
	s.hub.publish(change)
}

func seconds(s *inspect.Seconds) *float64 {
	if s == nil {
		return nil
	}
	v := float64(*s)
	return &v
}
