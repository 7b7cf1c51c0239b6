package backup

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// tryEvery is how old the last trial restore that went well may be before a scheduled run makes another: a week, and a day for a timer
// that comes early.
const tryEvery = 6 * 24 * time.Hour

// Options say what is dumped, where to, and what is done with it then. Dir, URL, Version, Reason and Now are required.
type Options struct {
	Dir     string
	URL     string        // the database
	Version string        // of this binary
	Reason  string        // see Reasons
	Keep    bool          // rotation never removes the dump
	Wait    time.Duration // for another process that is at work in Dir
	Trial   bool          // a dump is restored on trial when that was not done lately
	Hook    Hook

	Now      func() time.Time
	Progress func(bytes int64) // is told about once a second; nil: nobody is
	Tell     func(text string) // is told in words what is done; nil: nobody is
	BinDir   string            // of pg_dump and pg_restore; empty: wherever they are installed
}

// Result is what was done.
type Result struct {
	File    string   `json:"file"` // the dump, with its directory
	Dump    Dump     `json:"dump"`
	Removed []string `json:"removed"` // the names of those that rotation removed
	Tried   *Trial   `json:"tried"`   // null: none was tried
	Untried string   `json:"untried"` // why a trial that was due was not made; empty: it was, or was not due
}

// Trial is what a trial restore came to.
type Trial struct {
	File string `json:"file"`
	OK   bool   `json:"ok"`
	Text string `json:"text"`
}

// Run makes a dump, removes what it makes needless, has the hook copy it, and makes a trial restore when one is due. What fails after
// the dump is made leaves it as it is, keeps nothing else from being tried, and is in the error. Before an upgrade or a purge it is the
// dump that counts, so there a failure of the hook is told only. Errors: fault.Conflict while another process is at work there for longer than o.Wait, or without
// room, fault.Refused when the directory cannot be used, ErrHook, ErrBad, those of the server.
func Run(ctx context.Context, o Options) (result Result, err error) {
	if o.Tell == nil {
		o.Tell = func(string) {}
	}
	result.Removed = []string{}
	d, err := openWithin(ctx, o.Dir, o.Now(), o.Wait, o.Tell)
	if err != nil {
		return result, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	l, err := List(o.Dir)
	if err != nil {
		return result, err
	}
	removed, err := d.makeRoom(ctx, o, l)
	result.remove(o, removed)
	if err != nil {
		return result, err
	}
	if result.Dump, err = d.Make(ctx, o); err != nil {
		return result, err
	}
	result.File = result.Dump.Path
	o.Tell(fmt.Sprintf("dumped %s to %s: %s in %.1f s", result.Dump.Database, result.File, Size(result.Dump.Bytes), result.Dump.Seconds))
	return result, errors.Join(d.rotate(o, &result), d.copy(ctx, o, &result), d.try(ctx, o, &result))
}

func (r *Result) remove(o Options, removed []Dump) {
	for _, one := range removed {
		r.Removed = append(r.Removed, one.File)
		o.Tell(fmt.Sprintf("removed %s, which newer ones make needless", one.File))
	}
}

func (d *Directory) rotate(o Options, r *Result) error {
	l, err := List(d.path)
	if err != nil {
		return err
	}
	needless := Rotate(l.Dumps, o.Now())
	if err := d.Remove(needless); err != nil {
		return err
	}
	r.remove(o, needless)
	return nil
}

func (d *Directory) copy(ctx context.Context, o Options, r *Result) error {
	if o.Hook.Command == "" || ctx.Err() != nil {
		return ctx.Err()
	}
	o.Tell("running HEALTHAGENT_BACKUP_HOOK")
	var err error
	r.Dump, err = d.Copy(ctx, r.Dump, o.Hook, o.Now)
	if errors.Is(err, ErrHook) && ctx.Err() == nil && (o.Reason == Upgrade || o.Reason == Purge) {
		o.Tell("warning: " + err.Error())
		return nil
	}
	return err
}

func (d *Directory) try(ctx context.Context, o Options, r *Result) error {
	l, err := List(d.path)
	if err != nil || !o.Trial || ctx.Err() != nil {
		return errors.Join(err, ctx.Err())
	}
	s := l.Status()
	// A trial of a time to come is one of a clock that was wrong: it proves nothing for years.
	if past := o.Now().Sub(s.verifiedAt()); s.Failed == nil && past >= 0 && past < tryEvery {
		return nil
	}
	o.Tell("restoring it on trial")
	r.Dump, err = d.Verify(ctx, r.Dump, o)
	switch {
	case errors.Is(err, ErrNoRoom):
		r.Untried = err.Error()
		o.Tell("warning: " + r.Untried)
		return nil
	case r.Dump.Verified != nil:
		r.Tried = &Trial{File: r.Dump.File, OK: r.Dump.Verified.OK, Text: r.Dump.Verified.Text}
		o.Tell(r.Dump.Verified.Text)
	}
	return err
}
