package restore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"healthagent/app/backup"
	"healthagent/app/fault"
	"healthagent/migrations"
	"healthagent/store/dump"
)

// Options say what is restored, by whom. URL, Version, Actor, and File or Dir are required.
type Options struct {
	URL     string // the database, as the daemon is told
	File    string // the dump; empty: the newest of Dir that is whole and, as far as that was tried, can be restored
	Dir     string // of the dumps, in which nobody may be at work meanwhile; empty: there is none
	Version string // of this binary
	Actor   string // for the audit log

	Daemon func(context.Context) bool // whether a daemon answers on its socket; nil: nobody was asked
	Step   func(text string)          // is told what begins; nil: nobody is
	Now    func() time.Time           // nil: time.Now
	BinDir string                     // of pg_restore; empty: wherever it is installed
}

// Plan is what a restore would do.
type Plan struct {
	File     string         `json:"file"`
	Dump     *dump.Manifest `json:"dump"` // null: there is no manifest beside the file
	Database string         `json:"database"`
	Server   string         `json:"server"`

	Rows    int64    `json:"rows_now"`        // in the database that is there
	Changed []Change `json:"changed"`         // tables that have other rows now than in the dump
	Pending []string `json:"pending"`         // migrations that the next start of serve applies to what was restored
	Unknown []string `json:"unknown"`         // migrations of the dump that this binary does not know
	Need    int64    `json:"disk_need_bytes"` // 0: not known
	Free    int64    `json:"disk_free_bytes"` // -1: not known

	Warnings []string `json:"warnings"` // what speaks against this dump, in words
	Refused  []string `json:"refused"`  // why it cannot be done now, in words; none: it can
}

// Change is a table and its rows on both sides.
type Change struct {
	Table string `json:"table"`
	Dump  int64  `json:"dump"`
	Now   int64  `json:"now"`
}

// Find is the part of a plan that needs no database: which file would be restored, and what it says of itself. Of the options File and
// Dir are heeded. The errors are those of Prepare.
func Find(o Options) (Plan, error) {
	p := Plan{File: o.File, Changed: []Change{}, Pending: []string{}, Unknown: []string{}, Warnings: []string{}, Refused: []string{}, Free: -1}
	if o.File == "" {
		if err := p.choose(o.Dir); err != nil {
			return p, err
		}
	}
	return p, p.readFile(o.Dir)
}

// Prepare looks at the file, the database and who uses it, and changes nothing. It does not read the whole file: Run does.
// Errors: fault.NotFound without a file, fault.Refused when the role could not do it, those of the server. What only stands in the way
// at this moment is in the plan.
func Prepare(ctx context.Context, o Options) (Plan, error) {
	p, err := Find(o)
	if err != nil {
		return p, err
	}
	target, err := dump.Look(ctx, o.URL)
	if errors.Is(err, dump.ErrNoRight) || errors.Is(err, dump.ErrNotOwner) {
		return p, fault.Wrap(fault.Refused, "the dump cannot be restored here", err)
	}
	if err != nil {
		return p, err
	}
	p.Database, p.Server, p.Rows, p.Free = target.Name, target.Server, dump.Rows(target.Counts.Tables), target.Free
	if p.Dump != nil {
		p.compare(target.Counts)
		p.Need = p.Dump.Need()
	}
	p.refuse(ctx, o, target)
	return p, p.readSchema(o)
}

// readFile looks for the dump and its manifest.
func (p *Plan) readFile(dir string) error {
	info, err := os.Stat(p.File)
	if err == nil && info.Mode().IsRegular() {
		err = readable(p.File)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fault.New(fault.NotFound, "there is no file "+p.File)
	case errors.Is(err, fs.ErrPermission):
		command, there := backup.BringIn(p.File, dir)
		return fault.Wrap(fault.Refused, fmt.Sprintf("the file may not be read by the user who opens the database (as root: %s && healthagent restore %s)", command, fault.Word(there)), err)
	case err != nil:
		return fault.Wrap(fault.Invalid, "the file cannot be read", err)
	case !info.Mode().IsRegular():
		return fault.New(fault.Invalid, p.File+" is not a file")
	}
	m, err := dump.ReadManifest(p.File)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fault.Wrap(fault.Invalid, "the manifest beside the dump cannot be used", err)
	}
	p.Dump = &m
	if m.Bytes != info.Size() {
		return fault.New(fault.Invalid, fmt.Sprintf("%s is damaged: it has %d bytes, and its manifest says %d", p.File, info.Size(), m.Bytes))
	}
	return nil
}

// readable tells whether this user may read the dump, and its manifest if there is one.
func readable(path string) error {
	for _, name := range []string{path, dump.ManifestPath(path)} {
		f, err := os.Open(name)
		if err == nil {
			err = f.Close()
		}
		if err != nil && (name == path || !errors.Is(err, fs.ErrNotExist)) {
			return err
		}
	}
	return nil
}

// compare finds the tables that have other rows now.
func (p *Plan) compare(now dump.Counts) {
	rows := func(tables []dump.Table, name string) int64 {
		i := slices.IndexFunc(tables, func(t dump.Table) bool { return t.Name == name })
		if i < 0 {
			return 0
		}
		return tables[i].Rows
	}
	names := map[string]bool{}
	for _, t := range slices.Concat(p.Dump.Tables, now.Tables) {
		c := Change{Table: t.Name, Dump: rows(p.Dump.Tables, t.Name), Now: rows(now.Tables, t.Name)}
		if !names[t.Name] && c.Dump != c.Now {
			p.Changed = append(p.Changed, c)
		}
		names[t.Name] = true
	}
}

// refuse collects what stands in the way at this moment.
func (p *Plan) refuse(ctx context.Context, o Options, t dump.Target) {
	p.Refused = append(p.Refused, inTheWay(ctx, o, t.Name, t.Sessions)...)
	if err := backup.Held(o.Dir); o.Dir != "" && err != nil {
		p.Refused = append(p.Refused, err.Error())
	}
	if p.Dump != nil {
		if text := p.Dump.TooNewFor(t.Server); text != "" {
			p.Warnings = append(p.Warnings, text)
		}
	}
	if p.Need > 0 && p.Free >= 0 && p.Need > p.Free {
		p.Refused = append(p.Refused, fmt.Sprintf("the disk of the database has %s left, and the restore needs about %s beside the database that is there ('healthagent restore --prune' drops what earlier restores have kept)", backup.Size(p.Free), backup.Size(p.Need)))
	}
}

const daemonRuns = "the daemon is running: stop it first ('systemctl stop healthagent' where it is a service), and start it when this is done"

// inTheWay tells who works with a database, in words.
func inTheWay(ctx context.Context, o Options, database string, sessions []dump.Session) (reasons []string) {
	if o.Daemon != nil && o.Daemon(ctx) || slices.ContainsFunc(sessions, ofDaemon) {
		reasons = append(reasons, daemonRuns)
	}
	if others := slices.DeleteFunc(slices.Clone(sessions), ofDaemon); len(others) > 0 {
		reasons = append(reasons, (&dump.BusyError{Database: database, Sessions: others}).Error())
	}
	return reasons
}

// ofDaemon tells the daemon's own sessions: its pool, the one that holds the bot's lock, and the one that watches the server.
func ofDaemon(s dump.Session) bool {
	return s.Application == "healthagent" || strings.HasPrefix(s.Application, "healthagent ") || s.Application == "healthagent-monitor"
}

// readSchema holds the migrations of the dump against those of this binary, as far as a manifest tells. One that this binary does not
// know is no harm when it only added something.
func (p *Plan) readSchema(o Options) error {
	if p.Dump == nil {
		return nil
	}
	engine, err := migrations.New(migrations.Config{URL: o.URL}) // it does not connect
	if err != nil {
		return fmt.Errorf("load the migrations: %w", err)
	}
	known := engine.Migrations()
	for _, m := range p.Dump.Schema {
		there := m.State == string(migrations.Applied) || m.State == string(migrations.Partial) || m.State == string(migrations.Running)
		if !there || slices.ContainsFunc(known, func(k migrations.Migration) bool { return k.Version == m.Version }) {
			continue
		}
		p.Unknown = append(p.Unknown, migrations.Label(m.Version)+"_"+m.Name)
		if !m.Additive {
			p.Refused = append(p.Refused, fmt.Sprintf("the dump has the migration %s_%s, which this version does not know and cannot work with: restore it with healthagent %s, which made it, or a newer one",
				migrations.Label(m.Version), m.Name, p.Dump.Program))
		}
	}
	for _, k := range known {
		i := slices.IndexFunc(p.Dump.Schema, func(m dump.Migration) bool { return m.Version == k.Version })
		if i < 0 || p.Dump.Schema[i].State == string(migrations.Failed) {
			p.Pending = append(p.Pending, migrations.Label(k.Version)+"_"+k.Name)
		}
	}
	return nil
}

// Refusal is why it cannot be done now, nil when it can.
func (p Plan) Refusal() error { return refusal(p.Refused) }

func refusal(reasons []string) error {
	if len(reasons) == 0 {
		return nil
	}
	return fault.New(fault.Conflict, strings.Join(reasons, "; "))
}
