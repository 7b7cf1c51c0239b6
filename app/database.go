package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"healthagent/app/config"
	"healthagent/app/fault"
	"healthagent/migrations"
	"healthagent/store"
	"healthagent/store/local"
)

// startCluster starts the private PostgreSQL and keeps it running.
func (d *daemon) startCluster(ctx, house context.Context) error {
	d.setPhase("starting the private PostgreSQL")
	cluster, err := local.StartPostgres(ctx, local.Options{Dir: d.Config.StateDir, Logger: d.log})
	var missing *local.MissingError
	if errors.As(err, &missing) {
		return fault.Wrap(fault.Config, "DATABASE_URL is empty and there is no PostgreSQL to run", err)
	}
	if err != nil {
		return fault.Wrap(fault.Unavailable, "the private PostgreSQL does not start", err)
	}
	d.cluster, d.url = cluster, cluster.URL()
	go d.keepCluster(house)
	return nil
}

// keepCluster starts the private PostgreSQL again when it is gone.
func (d *daemon) keepCluster(ctx context.Context) {
	for wait(ctx, 2*time.Second) {
		if d.cluster.PID() != 0 {
			continue
		}
		d.log.Warn("the private PostgreSQL is gone: starting it again")
		if err := d.cluster.Ensure(ctx); err != nil && ctx.Err() == nil {
			d.log.Error("the private PostgreSQL does not start", "error", err)
		}
	}
}

// prepareDatabase waits for PostgreSQL and applies the migrations that are pending. systemd is told that the start takes its time.
func (d *daemon) prepareDatabase(ctx context.Context) error {
	engine, err := migrations.New(migrations.Config{URL: d.url, Logger: d.log, BinaryVersion: d.Version})
	if err != nil {
		return fmt.Errorf("load the migrations: %w", err)
	}
	const longest = 5 * time.Second
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, longest) {
		err := d.migrate(ctx, engine)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		var locked *migrations.LockedError
		if !store.Unavailable(err) && !errors.As(err, &locked) {
			return fmt.Errorf("prepare the database: %w", err)
		}
		d.setPhase("waiting for PostgreSQL: " + store.Reason(err))
		d.notify.ExtendTimeout(longest + 30*time.Second)
		d.log.Warn("waiting for PostgreSQL", "error", store.Reason(err))
		if !wait(ctx, pause) {
			return ctx.Err()
		}
	}
}

func (d *daemon) migrate(ctx context.Context, engine *migrations.Engine) error {
	d.setPhase("applying migrations")
	if d.Config.Migrate == config.MigrateOff {
		return engine.Check(ctx)
	}
	_, err := engine.Up(ctx, migrations.UpOptions{OnlyTransactional: true}) // the engine logs each step
	return err
}
