package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"healthagent/app/admin"
	"healthagent/store"
	"healthagent/tui/source"
)

// probeTime bounds the question whether a dependency answers.
const probeTime = time.Second

// ready judges each component. PostgreSQL, the lock and the intake make the daemon ready; a cache or a Telegram that is away is a
// warning, since everything comes back by itself.
func (d *daemon) ready(ctx context.Context) admin.Readiness {
	r := admin.Judge(d.components(ctx))
	r.Version = d.Version
	if last := d.doctor.last(); last != nil {
		r.Checks = last.Checks
	}
	return r
}

func (d *daemon) components(ctx context.Context) map[string]admin.Component {
	if phase := d.phase.Load(); phase != nil {
		return map[string]admin.Component{"start": {Verdict: admin.Fail, Text: *phase, Since: &d.started}}
	}
	return map[string]admin.Component{
		"postgresql": d.probePostgres(ctx),
		"cache":      d.probeCache(ctx),
		"telegram":   d.judgeTelegram(),
		"sending":    d.judge("sending", admin.Warn, "what is to be sent is sent"),
		"outbox":     d.judge("outbox", admin.Fail, "the outbox is read"),
		"inbox":      d.judge("inbox", admin.Fail, "updates are committed and handled"),
		"leader":     d.judgeLeader(),
		"indexes":    d.indexes.judge(),
	}
}

func (d *daemon) probePostgres(ctx context.Context) admin.Component {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	if err := d.store.Ping(ctx); err != nil {
		// the server may be well: nothing was asked of it
		if p := d.store.PoolStats(); errors.Is(err, context.DeadlineExceeded) && p.Active >= p.MaxSize {
			return admin.Component{Verdict: admin.Fail, Text: fmt.Sprintf("no connection came free in %v: all %d are lent", probeTime, p.MaxSize)}
		}
		return admin.Component{Verdict: admin.Fail, Text: unanswered(store.Reason(err))}
	}
	return admin.Component{Verdict: admin.OK, Text: d.store.PoolStats().String()}
}

// unanswered says once that PostgreSQL does not answer, and then why: the reason may begin by saying it too.
func unanswered(reason string) string {
	const text = "PostgreSQL does not answer"
	for _, same := range []string{"ping PostgreSQL", "PostgreSQL cannot be reached"} {
		reason = strings.TrimPrefix(strings.TrimPrefix(reason, same), ": ")
	}
	if reason == "" {
		return text
	}
	return text + ": " + reason
}

func (d *daemon) probeCache(ctx context.Context) admin.Component {
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	if err := d.store.Cache().Check(ctx); err != nil {
		return admin.Component{Verdict: admin.Warn, Text: "Redis does not answer, PostgreSQL serves alone: " + store.Reason(err)}
	}
	return admin.Component{Verdict: admin.OK, Text: d.store.Cache().Backend()}
}

// silence is how long a poll may go without an answer before it is said: a long poll and its grace.
const silence = 90 * time.Second

func (d *daemon) judgeTelegram() admin.Component {
	c := d.judge("polling", admin.Warn, "updates are asked for")
	state := d.bot.State()
	if c.Verdict == admin.OK && d.leads.Load() && !state.LastPoll.IsZero() && d.now().Sub(state.LastPoll) > silence {
		since := state.LastPoll
		return admin.Component{Verdict: admin.Warn, Text: "Telegram has not answered for a while", Since: &since}
	}
	return c
}

// judge reads a trouble of the way in and out.
func (d *daemon) judge(part string, verdict admin.Verdict, fine string) admin.Component {
	if t, sick := d.bot.State().Trouble[part]; sick {
		return admin.Component{Verdict: verdict, Text: t.Text, Since: &t.Since}
	}
	return admin.Component{Verdict: admin.OK, Text: fine}
}

// begins is how long after its start a process may be without the bot's lock, while nobody else has it: READY is said before it is
// taken, and whoever asks in between is not to be told of a fault.
const begins = 10 * time.Second

func (d *daemon) judgeLeader() admin.Component {
	if d.leads.Load() {
		return admin.Component{Verdict: admin.OK, Text: "this process works for the bot"}
	}
	if rival := d.rival.Load(); rival != nil {
		return admin.Component{Verdict: admin.Fail, Text: *rival}
	}
	const text = "the bot's lock is not held yet"
	if d.now().Sub(d.started) < begins {
		return admin.Component{Verdict: admin.Warn, Text: text}
	}
	return admin.Component{Verdict: admin.Fail, Text: text}
}

// snapshot is everything at one moment, for a screen: what the process and its dependencies say now, and the rest as the sampler saw it
// last.
func (d *daemon) snapshot(ctx context.Context) any {
	s := d.sampler.Snapshot()
	s.Time, s.UptimeS = d.now(), d.now().Sub(d.started).Seconds()
	ready := readyOf(d.ready(ctx))
	s.Ready, s.Queues = &ready, nil
	if phase := d.phase.Load(); phase != nil {
		s.Phase = *phase
		return s
	}
	g := d.gauges()
	if s.System != nil { // the machine is the sampler's to read
		machine := *s.System
		machine.CPUPercent, machine.MemoryBytes, machine.UptimeS = g.System.CPUPercent, g.System.MemoryBytes, g.System.UptimeS
		g.System = machine
	}
	if s.Pool != nil {
		g.Pool.Recent = s.Pool.Recent
	}
	if s.Telegram != nil {
		g.Telegram.HandledMS = s.Telegram.HandledMS
	}
	s.System, s.Pool, s.Queries, s.Cache, s.Telegram = &g.System, &g.Pool, &g.Queries, &g.Cache, &g.Telegram
	ctx, cancel := context.WithTimeout(ctx, probeTime)
	defer cancel()
	if q, err := d.store.Queues(ctx); err == nil {
		queues := source.Queues(q)
		s.Queues = &queues
	}
	return s
}

// metricsDoc is the specification's /api/v1/metrics.
type metricsDoc struct {
	System   system `json:"system"`
	Database struct {
		Pool    *store.PoolStats  `json:"pool"`
		Queries *store.QueryStats `json:"queries"`
	} `json:"database"`
	Cache *store.CacheStats `json:"cache"` // null, like the pool, while the daemon starts
}

func (d *daemon) metrics(context.Context) any {
	m := metricsDoc{System: d.system()}
	if d.phase.Load() != nil {
		return m
	}
	pool, queries, cache := d.store.PoolStats(), d.store.QueryStats(), d.store.Cache().Stats()
	m.Database.Pool, m.Database.Queries, m.Cache = &pool, &queries, &cache
	return m
}
