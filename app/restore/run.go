package restore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"healthagent/app/backup"
	"healthagent/app/fault"
	"healthagent/app/schema"
	"healthagent/migrations"
	"healthagent/store"
	"healthagent/store/dump"
	"healthagent/store/local"
)

// Result is what came of a restore.
type Result struct {
	Database string   `json:"database"`
	Kept     string   `json:"kept"` // the database that gave way; empty when there was none
	Rows     int64    `json:"rows"`
	Tables   int      `json:"tables"`
	Compared bool     `json:"compared"` // the rows were held against the manifest
	Warnings []string `json:"warnings"`
	Seconds  float64  `json:"seconds"`
}

// Run does what the plan says. On any error, an interrupt too, the database that is there is untouched.
//
// What the daemon may have cached of the old database does no harm: every process of it begins a new generation of the cache (see
// store/cache.go), so that nothing is read after its next start that was written before.
//
// It has the lock of the dumps meanwhile: rotation does not remove the one that is restored, a trial does not take its room, and no dump
// is begun that would keep the databases from being swapped in the end.
func Run(ctx context.Context, o Options, p Plan) (Result, error) {
	if err := p.Refusal(); err != nil {
		return Result{}, err
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	began := o.Now()
	if o.Dir != "" {
		lock, err := backup.Hold(o.Dir, began, "restores a dump")
		if err != nil {
			return Result{}, fault.Wrap(fault.Conflict, untouched, err)
		}
		defer func() { _ = lock.Close() }() // it ends with the process in any case
	}
	r := Result{Database: p.Database, Compared: p.Dump != nil, Warnings: []string{}}
	done, err := dump.Restore(ctx, dump.RestoreOptions{
		URL: o.URL, Path: p.File, Manifest: p.Dump, BinDir: o.BinDir, Now: o.Now, Step: o.Step,
		Last: func(ctx context.Context, address string) error {
			warning, err := o.last(ctx, address, p)
			if warning != "" {
				r.Warnings = append(r.Warnings, warning)
			}
			return err
		},
	})
	if err != nil {
		return r, explain(err)
	}
	r.Kept, r.Rows, r.Tables = done.Kept, dump.Rows(done.Counts.Tables), len(done.Counts.Tables)
	r.Warnings = append(r.Warnings, done.Warnings...)
	r.Seconds = o.Now().Sub(began).Seconds()
	return r, nil
}

// last looks at the restored database as the daemon will, and writes down in it who restored it.
func (o Options) last(ctx context.Context, address string, p Plan) (warning string, err error) {
	engine, err := schema.NewEngine(migrations.Config{URL: address, BinaryVersion: o.Version})
	if err != nil {
		return "", fmt.Errorf("load the migrations: %w", err)
	}
	if err := engine.Check(ctx); err != nil {
		return "", fault.Wrap(fault.Conflict, "this version of healthagent cannot work with what is in the dump", err)
	}
	detail := map[string]any{"file": filepath.Base(p.File)}
	if p.Dump != nil {
		detail["created_at"], detail["sha256"], detail["program"] = p.Dump.CreatedAt, p.Dump.SHA256, p.Dump.Program
	}
	if err := o.audit(ctx, address, p.Database, detail); err != nil {
		return "the restore is not in the audit log: " + store.Reason(err), nil // a dump from before there was one
	}
	return "", nil
}

func (o Options) audit(ctx context.Context, address, subject string, detail any) error {
	raw, err := json.Marshal(detail)
	if err != nil {
		return fmt.Errorf("write JSON: %w", err)
	}
	s, err := store.Open(ctx, store.Config{URL: address, PoolMin: 1, PoolMax: 1, Application: "healthagent-restore"})
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Audit(ctx, o.Actor, "restore", subject, raw)
}

const untouched = "nothing was restored, and the database is as it was"

// explain gives the errors of a restore their kinds.
func explain(err error) error {
	var (
		busy      *dump.BusyError
		missing   *local.MissingError
		load      *dump.LoadError
		different *dump.DifferentError
	)
	switch {
	case errors.Is(err, dump.ErrUnsure):
		return fault.Wrap(fault.Unavailable, "it is not known what came of it", err)
	case errors.As(err, &busy):
		return fault.Wrap(fault.Conflict, untouched, err)
	case errors.As(err, &missing):
		return fault.Wrap(fault.Config, untouched, err)
	case errors.Is(err, dump.ErrNoRight), errors.Is(err, dump.ErrNotOwner):
		return fault.Wrap(fault.Refused, untouched, err)
	case errors.Is(err, dump.ErrDamaged), errors.Is(err, dump.ErrNoDump), errors.As(err, &load), errors.As(err, &different):
		return fault.Wrap(fault.Invalid, untouched, err)
	default:
		return fmt.Errorf("%s: %w", untouched, err)
	}
}
