package sampler

import (
	"math"
	"time"

	"healthagent/store"
	"healthagent/tui/source"
)

// ticker is what the sampling of each second needs of the seconds before.
type ticker struct {
	host  host
	last  time.Time // of the sample before
	since time.Time // when it began

	updates, slow perMinute
	received      int64 // updates, at the sample before
	hits, misses  int64 // of the cache, likewise

	waits, handled window // over 15 minutes

	half      int64 // number of the step of 30 s that is being gathered
	halfRows  joiner
	halfWaits store.Hist
	halfAll   store.Hist
	halfTaken store.Hist

	seen reading // what slower collectors saw last
}

// reading is the newest of the slower figures, each with its time: one that is too old is a gap.
type reading struct {
	serverAt                           time.Time
	transactions, connections, blocked float64
	redisAt                            time.Time
	redisMS                            float64
}

// Slower figures are told in each second until they are this old.
const (
	serverFresh = 12 * time.Second
	redisFresh  = 3 * time.Second
)

func newTicker(dir string, now time.Time) ticker {
	t := ticker{host: host{proc: "/proc", dir: dir}, since: now, half: math.MinInt64}
	t.host.readCPU() // the first sample is of the time from here on
	return t
}

// sample takes the sample of a second. It runs on the loop.
func (s *Sampler) sample() {
	now := s.now()
	change := &source.Snapshot{System: &source.System{}}
	r := emptyRow()
	src := s.sources.Load()
	if src != nil && src.Gauges != nil {
		s.gauge(now, src, change, &r)
	}
	s.tick.host.read(now, change.System)
	if s.tick.host.known {
		r[atHostCPU] = float32(change.System.HostCPUPercent)
	}
	setShare(&r, atHostMemPct, float64(change.System.HostMemUsed), float64(change.System.HostMemTotal))
	setShare(&r, atHostDiskPct, float64(change.System.DiskUsed), float64(change.System.DiskTotal))
	s.tick.slower(now, &r)
	s.hub.sample(now, r, change)
	s.disk.write(shortPart, s.hub.short.number(now), r)
	s.gather(now, r)
	s.tick.last = now
	s.rounds(now)
}

// gauge reads what the process tells of itself, and what was done in the second.
func (s *Sampler) gauge(now time.Time, src *Sources, change *source.Snapshot, r *row) {
	t := &s.tick
	g := src.Gauges()
	*change.System = g.System
	change.Pool, change.Queries, change.Cache, change.Telegram = &g.Pool, &g.Queries, &g.Cache, &g.Telegram
	r[atPoolUsed] = float32(g.Pool.Active)
	r[atPoolWaiting] = float32(g.Pool.Waiting)
	if src.Interval != nil {
		s.statements(now, src.Interval(), change, r)
		g.Pool.Recent = percentiles(t.waits.sum(now))
	}
	if src.Handled != nil {
		h := src.Handled()
		setPercentile(r, atHandledMS, h)
		t.halfTaken = t.halfTaken.Add(h)
		t.handled.add(now, store.StatementStep{Times: h})
		g.Telegram.HandledMS = percentiles(t.handled.sum(now))
	}
	received := g.Telegram.Counters["received"]
	t.updates.add(now, max(received-t.received, 0))
	t.received = received
	r[atUpdates] = float32(t.updates.sum(now))
	r[atSlowPerMin] = float32(t.slow.sum(now))
	hits, misses := g.Cache.Hits-t.hits, g.Cache.Misses-t.misses
	t.hits, t.misses = g.Cache.Hits, g.Cache.Misses
	setShare(r, atCacheHitPct, float64(hits), float64(hits+misses))
}

// statements takes in what was done since the last second.
func (s *Sampler) statements(now time.Time, i store.Interval, change *source.Snapshot, r *row) {
	t := &s.tick
	if past := now.Sub(t.last).Seconds(); !t.last.IsZero() && past > 0.1 {
		r[atPerSecond] = float32(float64(i.All.Count()) / past)
	}
	setPercentile(r, atStatementMS, i.All)
	setPercentile(r, atPoolWaitMS, i.Waits)
	t.halfAll, t.halfWaits = t.halfAll.Add(i.All), t.halfWaits.Add(i.Waits)
	t.waits.add(now, store.StatementStep{Times: i.Waits, MaxMS: i.LongestMS})
	var slow int64
	for _, step := range i.Statements {
		slow += step.Slow
	}
	t.slow.add(now, slow)
	s.book.add(now, i)
	change.Log = append(change.Log, slowEvents(i.Slow)...)
}

// slower fills in what is read more seldom.
func (t *ticker) slower(now time.Time, r *row) {
	if age := now.Sub(t.seen.serverAt); age >= 0 && age < serverFresh {
		r[atTransactions] = float32(t.seen.transactions)
		r[atConnections] = float32(t.seen.connections)
		r[atBlocked] = float32(t.seen.blocked)
	}
	if age := now.Sub(t.seen.redisAt); age >= 0 && age < redisFresh {
		r[atCacheAnswer] = float32(t.seen.redisMS)
	}
}

// gather makes the steps of the long history. Of the times it takes the percentiles of all that was in the step, which those of the
// seconds do not tell.
func (s *Sampler) gather(now time.Time, r row) {
	t := &s.tick
	number := s.hub.long.number(now)
	if t.half != math.MinInt64 && number != t.half {
		step := t.halfRows.row()
		setPercentile(&step, atStatementMS, t.halfAll)
		setPercentile(&step, atPoolWaitMS, t.halfWaits)
		setPercentile(&step, atHandledMS, t.halfTaken)
		s.hub.keep(t.half, step)
		s.disk.write(longPart, t.half, step)
		t.halfRows, t.halfAll, t.halfWaits, t.halfTaken = joiner{}, store.Hist{}, store.Hist{}, store.Hist{}
	}
	t.half = number
	t.halfRows.add(r)
}

// rounds does what is due more seldom than each second.
func (s *Sampler) rounds(now time.Time) {
	watched := s.hub.watched()
	if watched && s.book.due(now, 5*time.Second) || s.book.due(now, 30*time.Second) {
		s.listStatements(now)
	}
	if watched && s.told.due(now, 2*time.Second) || s.told.due(now, 15*time.Second) {
		s.judge(now)
	}
	if s.kept.due(now) {
		s.save()
	}
}

// setShare writes part of whole in percent; a gap when there is no whole.
func setShare(r *row, series int, part, whole float64) {
	if whole > 0 {
		r[series] = float32(100 * part / whole)
	}
}

// setPercentile writes the p95; a gap when nothing was measured.
func setPercentile(r *row, series int, h store.Hist) {
	if h.Count() > 0 {
		r[series] = float32(h.Percentile(95))
	}
}

// percentiles of what a window holds.
func percentiles(s store.StatementStep) source.Percentiles {
	p := source.Percentiles{P50: s.Times.Percentile(50), P95: s.Times.Percentile(95), P99: s.Times.Percentile(99), Max: s.MaxMS}
	if p.Max > 0 { // a bucket reaches beyond what was measured
		p.P50, p.P95, p.P99 = min(p.P50, p.Max), min(p.P95, p.Max), min(p.P99, p.Max)
	} else {
		p.Max = s.Times.Percentile(100)
	}
	p.P50, p.P95, p.P99, p.Max = round3(p.P50), round3(p.P95), round3(p.P99), round3(p.Max)
	return p
}

// round3 leaves out what no screen shows and every line would carry.
func round3(v float64) float64 { return math.Round(v*1000) / 1000 }

// perMinute counts over the last 60 seconds. The zero value is ready.
type perMinute struct {
	at [60]int64 // second in which it was counted
	n  [60]int64
}

func (p *perMinute) add(now time.Time, n int64) {
	second := now.Unix()
	i := int(((second % 60) + 60) % 60)
	if p.at[i] != second {
		p.at[i], p.n[i] = second, 0
	}
	p.n[i] += n
}

func (p *perMinute) sum(now time.Time) (sum int64) {
	for i, at := range p.at {
		if age := now.Unix() - at; age >= 0 && age < 60 {
			sum += p.n[i]
		}
	}
	return sum
}
