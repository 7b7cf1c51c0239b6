package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"healthagent/app/config"
	"healthagent/app/fault"
	"healthagent/app/schema"
	"healthagent/migrations"
	"healthagent/store"
	"healthagent/store/local"
)

// reachTime is how long a one-shot verb waits for a database that does not answer.
const reachTime = 15 * time.Second

// database is an opened way to the database, for the time of one verb.
type database struct {
	config config.Config
	url    string
	actor  string // who is at the keyboard, for the audit log
	log    *slog.Logger
	close  func()
}

// openDatabase loads the configuration and finds the database: the one DATABASE_URL
// names, else the private cluster in the state directory, which is attached to when the
// daemon has started it and started for the verb's duration when not. The caller calls
// close. Errors: fault.Config, fault.Refused, fault.Unavailable.
func (t *terminal) openDatabase(command *cobra.Command) (*database, error) {
	return t.openDatabaseIf(command, func(config.Config) error { return nil })
}

// openDatabaseIf does as openDatabase does; what wanted returns is the error before a private cluster is started, or made, in vain.
func (t *terminal) openDatabaseIf(command *cobra.Command, wanted func(config.Config) error) (*database, error) {
	cfg, report, err := t.load(command)
	if err != nil {
		return nil, err
	}
	db := &database{
		config: cfg, url: cfg.DatabaseURL.Reveal(), actor: t.actor(),
		log: t.logger(cfg, report), close: func() {},
	}
	if err := t.asService(report); err != nil {
		return nil, err
	}
	if db.url != "" {
		return db, nil
	}
	if err := wanted(cfg); err != nil {
		return nil, err
	}
	ctx := command.Context()
	cluster, err := local.StartPostgres(ctx, local.Options{Dir: cfg.StateDir, Logger: db.log})
	if missing, ok := errors.AsType[*local.MissingError](err); ok {
		return nil, fault.Wrap(fault.Config, "DATABASE_URL is empty and there is no PostgreSQL to run", missing)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, "DATABASE_URL is empty and the private database cannot be used", err)
	}
	db.url = cluster.URL()
	db.close = func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), reachTime)
		defer cancel()
		if err := cluster.Close(ctx); err != nil {
			db.log.Warn("the private database was not stopped", "error", err)
		}
	}
	return db, nil
}

// engine returns the migration engine of the database. It does not connect. What it would log comes as events, which the verbs print;
// only somebody who looks for a fault wants both.
func (db *database) engine(version string) (*migrations.Engine, error) {
	c := migrations.Config{URL: db.url, BinaryVersion: version}
	if db.config.LogLevel <= slog.LevelDebug {
		c.Logger = db.log
	}
	engine, err := schema.NewEngine(c)
	if err != nil {
		return nil, fmt.Errorf("prepare the migrations: %w", err)
	}
	return engine, nil
}

// withStore runs work on a store of the verb's database, whose tables exist.
func (t *terminal) withStore(command *cobra.Command, work func(ctx context.Context, s *store.Store, actor string) error) error {
	db, err := t.openDatabase(command)
	if err != nil {
		return err
	}
	defer db.close()
	ctx := command.Context()
	s, err := store.Open(ctx, store.Config{
		URL: db.url, RedisURL: db.config.RedisURL.Reveal(), PoolMin: 1, PoolMax: 2,
		SlowQuery: db.config.SlowQuery, Application: "healthagent-cli", Logger: db.log,
	})
	if err != nil {
		return fault.Wrap(fault.Config, "the database or the cache cannot be opened", err)
	}
	defer s.Close()
	if err := reach(ctx, s); err != nil {
		return err
	}
	if err := t.fillEmpty(ctx, db); err != nil {
		return err
	}
	return unreachable(work(ctx, s, db.actor))
}

// reach asks the database for an answer before anything is tried on it.
func reach(ctx context.Context, s *store.Store) error {
	ctx, cancel := context.WithTimeout(ctx, reachTime)
	defer cancel()
	return fault.Wrap(fault.Unavailable, "the database cannot be reached", s.Ping(ctx))
}

// fillEmpty gives an empty database its tables, so that an invite code can be made
// before the first start of the daemon. One that has any is left to serve and to
// 'migrate up': an older daemon may be running on it.
func (t *terminal) fillEmpty(ctx context.Context, db *database) error {
	engine, err := db.engine(t.build.info().Version)
	if err != nil {
		return err
	}
	entries, err := engine.Status(ctx)
	if err != nil {
		return unreachable(err)
	}
	for _, e := range entries {
		if e.State != migrations.Pending {
			return nil
		}
	}
	if db.config.Migrate == config.MigrateOff {
		return fault.New(fault.Conflict, "the database has no tables yet: run 'healthagent migrate up'")
	}
	result, err := engine.Up(ctx, migrations.UpOptions{OnlyTransactional: true})
	if err != nil {
		return unreachable(err)
	}
	t.note("healthagent: the database was empty: %d migrations applied", len(result.Steps))
	return nil
}

// unreachable gives an error of the database the kind that the exit code tells apart.
func unreachable(err error) error {
	if err == nil || fault.KindOf(err) != fault.Internal || errors.Is(err, context.Canceled) {
		return err
	}
	if locked, ok := errors.AsType[*migrations.LockedError](err); ok {
		return fault.New(fault.Conflict, locked.Error())
	}
	if statement, ok := errors.AsType[*migrations.StatementError](err); ok && statement.Code != "" {
		return err // the server answered: what it said is not absence
	}
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return err // a file of this machine: the driver's errors name none
	}
	if store.Unavailable(err) && store.Answered(err) {
		return fault.Wrap(fault.Unavailable, "the database cannot do it at this moment", err)
	}
	if store.Unavailable(err) {
		return fault.Wrap(fault.Unavailable, "the database cannot be reached", err)
	}
	return err
}
