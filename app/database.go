package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"healthagent/app/config"
	"healthagent/app/fault"
	"healthagent/app/schema"
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
	d.aside.Go(func() { d.keepCluster(house) })
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

// prepareDatabase waits for PostgreSQL and applies the migrations that are pending.
func (d *daemon) prepareDatabase(ctx context.Context) error {
	d.setPhase("preparing the database")
	engine, err := schema.NewEngine(migrations.Config{URL: d.url, Logger: d.log, BinaryVersion: d.Version})
	if err != nil {
		return fmt.Errorf("load the migrations: %w", err)
	}
	d.engine = engine
	const longest = 5 * time.Second
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, longest) {
		err := d.migrate(ctx, engine)
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		var locked *migrations.LockedError
		switch {
		case errors.As(err, &locked):
			d.await(startPart, "another process that migrates the database")
		case store.Unavailable(err):
			d.await(postgresPart, "PostgreSQL: "+store.Reason(err))
		case fault.KindOf(err) != fault.Internal:
			return err
		default:
			return fault.Wrap(fault.Conflict, "the database cannot be prepared", err)
		}
		if !wait(ctx, pause) {
			return ctx.Err()
		}
	}
}

// await shows what the start waits for, and logs it when it is news.
func (d *daemon) await(part, what string) {
	text := "waiting for " + what
	if before := d.phase.Load(); before == nil || *before != text {
		d.log.Warn(text)
	}
	d.setPhase(text)
	d.awaits.Store(&part)
}

func (d *daemon) migrate(ctx context.Context, engine *migrations.Engine) error {
	if d.Config.Migrate == config.MigrateOff {
		return complete(ctx, engine)
	}
	if _, err := engine.Up(ctx, migrations.UpOptions{OnlyTransactional: true}); err != nil { // the engine logs each step
		return err
	}
	return complete(ctx, engine)
}

// complete refuses a database that lacks what the statements need. Indexes only make them faster.
func complete(ctx context.Context, engine *migrations.Engine) error {
	if err := engine.Check(ctx); err != nil {
		return err
	}
	entries, err := engine.Status(ctx)
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch {
		case e.State == migrations.Applied || e.Class == migrations.IndexOnly:
		case e.Unknown: // a newer program's, and nothing of it is there: the engine checked that
		case e.State == migrations.Held:
			return fault.New(fault.Conflict, fmt.Sprintf("migration %s_%s was taken back and is held, and the tables that it makes are needed: "+
				"run 'healthagent migrate up %[1]s'", migrations.Label(e.Version), e.Name))
		default:
			return fault.New(fault.Conflict,
				"migrations are pending: run 'healthagent migrate up', or set HEALTHAGENT_MIGRATE=auto")
		}
	}
	return nil
}
