package app

import (
	"context"
	"time"

	"healthagent/app/admin"
	"healthagent/app/config"
	"healthagent/app/report"
	"healthagent/app/sampler"
	"healthagent/app/schema"
	"healthagent/app/telegram"
	"healthagent/store"
	"healthagent/store/inspect"
	"healthagent/tui/source"
)

// mostStatements is how many statements the server is asked for: the product has fewer.
const mostStatements = 200

// samples is where the sampler's figures come from. It is asked for once the rooms are open.
func (d *daemon) samples() sampler.Sources {
	return sampler.Sources{
		Gauges: d.gauges, Interval: d.store.Interval, Handled: d.bot.Handled, Texts: d.store.StatementTexts, Named: store.NamedQueries(),
		SlowMS: float64(d.store.SlowThreshold()) / float64(time.Millisecond),
		Ready:  func(ctx context.Context) source.Ready { return readyOf(d.ready(ctx)) },
		Redis:  d.store.Cache().RedisInfo, Pulse: d.monitor.Pulse, Usage: d.monitor.Usage, Indexes: d.monitor.Indexes, Server: d.monitor.Server,
		Queues: func(ctx context.Context) (source.Queues, error) {
			q, err := d.store.Queues(ctx)
			return source.Queues(q), err
		},
		Statements: func(ctx context.Context) (inspect.Statements, error) {
			return d.monitor.Statements(ctx, mostStatements)
		},
		Plans: d.planReader(), Migrations: d.readLedger, Owners: d.owners,
		Activity: func(ctx context.Context) (source.Activity, error) { return report.ReadActivity(ctx, d.monitor) },
	}
}

// gauges is what the process tells of itself.
func (d *daemon) gauges() sampler.Gauges {
	sys, pool, queries := d.system(), d.store.PoolStats(), d.store.QueryStats()
	return sampler.Gauges{
		System: source.System{CPUPercent: sys.CPUPercent, MemoryBytes: sys.MemoryBytes, UptimeS: sys.Uptime},
		Pool: source.Pool{
			Size: pool.Size, Available: pool.Available, Active: pool.Active, Constructing: pool.Constructing,
			MinSize: pool.MinSize, MaxSize: pool.MaxSize, Waiting: pool.Waiting,
			Acquire: source.Acquire{
				Count: pool.Acquire.Count, Empty: pool.Acquire.Empty, Canceled: pool.Acquire.Canceled,
				WaitMS: source.Percentiles(pool.Acquire.WaitMS),
			},
		},
		Queries: source.Totals{
			Statements: queries.Statements, Slow: queries.Slow, Errors: queries.Errors,
			SlowMS: float64(d.store.SlowThreshold()) / float64(time.Millisecond),
		},
		Cache: cacheOf(d.store.Cache().Stats()), Telegram: telegramOf(d.bot.State()),
	}
}

func cacheOf(c store.CacheStats) source.Cache {
	out := source.Cache{Backend: c.Backend, State: c.State, Group: source.Group(c.GroupStats), Groups: map[string]source.Group{}}
	for name, g := range c.Groups {
		out.Groups[name] = source.Group(g)
	}
	return out
}

func telegramOf(t telegram.State) source.Telegram {
	c := t.Counters
	out := source.Telegram{
		Polling: t.Polling, LastPoll: t.LastPoll, Queued: t.Queued, Sending: t.Sending, Trouble: map[string]source.Trouble{},
		Counters: map[string]int64{
			"received": c.Received, "duplicates": c.Duplicates, "handled": c.Handled, "parked": c.Parked, "dead": c.Dead, "sent": c.Sent,
			"refused": c.Refused, "retried": c.Retried, "limited": c.Limited, "unreachable": c.Unreachable,
		},
	}
	for part, trouble := range t.Trouble {
		out.Trouble[part] = source.Trouble(trouble)
	}
	return out
}

func readyOf(r admin.Readiness) source.Ready {
	out := source.Ready{Ready: r.Ready, Status: r.Status, Components: map[string]source.Component{}}
	for name, c := range r.Components {
		out.Components[name] = source.Component{Verdict: source.Verdict(c.Verdict), Text: c.Text, Since: c.Since}
	}
	return out
}

// planReader reads the plans each time anew: what is shown to somebody who asks is remembered elsewhere, from when they asked.
func (d *daemon) planReader() func(context.Context) (map[string]sampler.Reading, error) {
	plans := report.NewPlans(d.monitor, d.now)
	return func(ctx context.Context) (map[string]sampler.Reading, error) {
		found, err := plans.Read(ctx, 0)
		out := map[string]sampler.Reading{}
		for name, r := range found {
			out[name] = sampler.Reading(r)
		}
		return out, err
	}
}

// owners names the migration of each index that one makes; nothing while the daemon starts.
func (d *daemon) owners() map[string]string {
	if d.phase.Load() != nil {
		return nil
	}
	return schema.Owners(d.engine)
}

// readLedger is the ledger with the texts of the migrations.
func (d *daemon) readLedger(ctx context.Context) (source.Migrations, error) {
	if d.phase.Load() != nil {
		return source.Migrations{}, sampler.ErrNotYet
	}
	out, err := report.ReadLedger(ctx, d.engine)
	if err == nil {
		d.indexes.see(out.List)
	}
	out.Auto, out.Work = d.Config.Migrate == config.MigrateAuto, d.indexes.judge().Text
	return out, err
}
