package bench

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"healthagent/app/food"
	"healthagent/migrations"
	"healthagent/store"
	"healthagent/store/bench"
)

// Options say what is measured. Users and Messages are required; every other zero value has a meaning.
type Options struct {
	DatabaseURL string // a server's; the database itself is not touched. Empty: a private server
	Users       int
	Messages    int
	Foods       int           // 0: 3 for 10 messages
	Reminders   int           // 0: 5 a person
	Seed        uint64        // of the data
	Length      time.Duration // of each measurement; 0: 2 s
	PoolMax     int           // 0: as the daemon's, from the number of processors
	Version     string        // of the binary, for the ledger
	Progress    bench.ProgressFunc
}

func (o Options) withDefaults() Options {
	if o.Length == 0 {
		o.Length = 2 * time.Second
	}
	if o.PoolMax == 0 {
		_, o.PoolMax = store.PoolSize(runtime.GOMAXPROCS(0))
	}
	if o.Progress == nil {
		o.Progress = func(string, int64, int64) {}
	}
	return o
}

// crowded is the number of callers that no pool of ours has connections for at four processors: the specification's.
const crowded = 50

// measured is the migration that is measured.
const measured = 17

// Run measures. Whatever happens, also when ctx ends, the scratch database and the private server are gone when it returns. Errors:
// fault.Unavailable when there is no server; bench.ErrNoRight.
func Run(ctx context.Context, o Options) (_ Result, err error) {
	begin := time.Now()
	o = o.withDefaults()
	srv, err := openServer(ctx, o)
	if err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, srv.close(ctx)) }()
	scratch, err := bench.Create(ctx, srv.url, o.PoolMax)
	if err != nil {
		return Result{}, err
	}
	defer func() { err = errors.Join(err, scratch.Drop(ctx)) }()
	r, err := prepare(ctx, o, srv, scratch)
	if err != nil {
		return Result{}, err
	}
	for _, step := range []func(context.Context) error{
		r.fill, r.without, r.costs, r.up, r.with, r.lookups, r.justWritten, r.writesWithAll, r.down,
	} {
		if err := step(ctx); err != nil {
			return Result{}, err
		}
	}
	r.result.Took = time.Since(begin).Seconds()
	return r.result, nil
}

// run is one run, its parts in the order in which Run takes them.
type run struct {
	o        Options
	srv      *server
	scratch  *bench.Scratch
	engine   *migrations.Engine
	indexes  []bench.Index
	spec     bench.Spec
	crowd    bench.Crowd
	queries  []bench.Query
	callers  []int
	foods    *food.Table
	program  string // pgbench; empty when there is none
	baseline map[string]bench.Written
	result   Result
}

func prepare(ctx context.Context, o Options, srv *server, scratch *bench.Scratch) (*run, error) {
	r := &run{o: o, srv: srv, scratch: scratch, crowd: bench.NewCrowd(o.Users), baseline: map[string]bench.Written{}}
	r.spec = bench.Spec{Users: o.Users, Messages: o.Messages, Foods: o.Foods, Reminders: o.Reminders, Seed: o.Seed, Now: time.Now()}
	r.queries, r.result.Notes = bench.Queries(r.spec), []string{}
	r.callers = slices.Compact(slices.Sorted(slices.Values([]int{1, o.PoolMax, crowded})))
	var err error
	if r.foods, err = food.Load(); err != nil {
		return nil, err
	}
	if r.engine, err = migrations.New(migrations.Config{URL: scratch.URL(), BinaryVersion: o.Version}); err != nil {
		return nil, fmt.Errorf("load the migrations: %w", err)
	}
	for _, m := range r.engine.Migrations() {
		if m.Version != measured {
			continue
		}
		for _, statement := range m.Up.Statements {
			if index, ok := bench.ParseIndex(statement.Text); ok {
				r.indexes = append(r.indexes, index)
			}
		}
	}
	if len(r.indexes) == 0 {
		return nil, errors.New("this binary has no migration 017 with indexes to measure")
	}
	if err := r.describe(ctx); err != nil {
		return nil, err
	}
	var found bool
	if r.program, found = bench.FindPgbench(); !found {
		r.note("pgbench is not installed: no floor to compare with")
	}
	if srv.own == nil {
		r.note("cold figures: not measured, since the server is not ours to restart")
	} else if srv.inMemory {
		r.note("cold figures: the server's memory was empty, the files were not: they are in a memory file system (TMPDIR)")
	}
	return r, nil
}

func (r *run) note(format string, values ...any) {
	if text := fmt.Sprintf(format, values...); !slices.Contains(r.result.Notes, text) {
		r.result.Notes = append(r.result.Notes, text)
	}
}

func (r *run) describe(ctx context.Context) (err error) {
	m := thisMachine()
	m.PoolMax, m.Server = r.o.PoolMax, "given"
	if r.srv.own != nil {
		m.Server = "private"
	}
	if m.Load > float64(m.Cores)/2 {
		r.note("the machine was busy before this began (load %.1f on %d cores): times and rates are worse than a quiet one's, and unsteady", m.Load, m.Cores)
	}
	m.Postgres, m.Settings, err = r.scratch.Server(ctx)
	r.result.Machine, r.result.Seconds = m, r.o.Length.Seconds()
	return err
}

// fill makes the tables, without 017, and the data.
func (r *run) fill(ctx context.Context) error {
	if _, err := r.engine.Up(ctx, migrations.UpOptions{OnlyTransactional: true}); err != nil {
		return fmt.Errorf("make the tables: %w", err)
	}
	if err := r.scratch.Load(ctx, r.spec, r.o.Progress); err != nil {
		return err
	}
	d, err := r.scratch.Dataset(ctx, r.spec)
	r.result.Dataset = d
	return err
}
