package app

import (
	"context"
	"fmt"

	"healthagent/app/admin"
	"healthagent/app/config"
	"healthagent/app/fault"
	"healthagent/app/rehearsal/reader"
	"healthagent/app/report"
	"healthagent/app/schema"
	"healthagent/migrations"
	"healthagent/store"
)

// source is what the admin socket shows.
func (d *daemon) source() admin.Source {
	return admin.Source{
		Ready: d.ready, Snapshot: d.snapshot, Metrics: d.metrics,
		Queries: d.whenStarted(d.showQueries), Indexes: d.whenStarted(d.showIndexes),
		Tables:     d.whenStarted(d.showTables),
		Migrations: d.whenStarted(d.showMigrations),
		Follow:     d.sampler.Follow, Refresh: d.refresh,
		Activity: d.whenStarted(func(ctx context.Context) (any, error) { return d.sampler.Activity(ctx) }),
		Plan:     d.showPlan,
		Doctor:   func(context.Context) (any, error) { return d.doctor.show() },
		Rights:   d.rights, Acts: doors{d},
	}
}

// refresh has everything looked at anew.
func (d *daemon) refresh() {
	d.sampler.Refresh()
	d.doctor.ask()
}

// whenStarted answers for what is not there yet.
func (d *daemon) whenStarted(show func(context.Context) (any, error)) func(context.Context) (any, error) {
	return func(ctx context.Context) (any, error) {
		if phase := d.phase.Load(); phase != nil {
			return nil, fault.New(fault.Unavailable, "it is starting: "+*phase)
		}
		value, err := show(ctx)
		if fault.KindOf(err) == fault.NotFound {
			return nil, err
		}
		if err != nil {
			return nil, fault.New(fault.Unavailable, store.Reason(err))
		}
		return value, nil
	}
}

func (d *daemon) showPlan(ctx context.Context, name string) (any, error) {
	return d.whenStarted(func(ctx context.Context) (any, error) { return report.ReadPlan(ctx, d.monitor, name, d.now()) })(ctx)
}

func (d *daemon) showQueries(ctx context.Context) (any, error) {
	queries := report.ReadQueries(ctx, d.store, d.plans, d.started)
	queries.Label = d.label()
	return queries, nil
}

// label is what this daemon is when it is no real service; else empty.
func (d *daemon) label() string {
	if d.Readers == 0 {
		return ""
	}
	return reader.Label(d.Readers)
}

func (d *daemon) showIndexes(ctx context.Context) (any, error) {
	return report.ReadIndexes(ctx, d.monitor, schema.Owners(d.engine))
}

func (d *daemon) showTables(ctx context.Context) (any, error) {
	return report.ReadTables(ctx, d.monitor)
}

// reindexer does its work through the engine, which holds the migration lock meanwhile.
func (d *daemon) reindexer() *reindexer {
	return &reindexer{
		window: d.Config.ReindexWindow, now: d.now, log: d.log, audit: d.store.Audit,
		bloated: func(ctx context.Context) ([]string, error) { return report.Bloated(ctx, d.monitor) },
		rebuild: d.rebuild,
	}
}

// migrationList is the ledger and what is being done about it.
type migrationList struct {
	Migrations []migrations.Entry `json:"migrations"`
	Auto       bool               `json:"auto"`
	Work       admin.Component    `json:"work"`
}

func (d *daemon) showMigrations(ctx context.Context) (any, error) {
	entries, err := d.engine.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	return migrationList{Migrations: entries, Auto: d.Config.Migrate == config.MigrateAuto, Work: d.indexes.judge()}, nil
}
