package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"healthagent/app/fault"
	"healthagent/store/dump"
	"healthagent/store/local"
)

// Reasons for a dump.
const (
	Manual    = "manual"
	Scheduled = "scheduled"
	Upgrade   = "upgrade"
	Purge     = "purge"
)

// Reasons returns all of them, the usual first.
func Reasons() []string { return []string{Manual, Scheduled, Upgrade, Purge} }

// Make dumps the database. The dump has its name only once it is whole, with its manifest and its checksum beside it, all on the disk:
// whatever happens before, the newest dump is the one it was. Errors: fault.Conflict without room, fault.Config without a pg_dump, those
// of the server.
func (d *Directory) Make(ctx context.Context, o Options) (Dump, error) {
	began := o.Now()
	d.sign(began, "dumps the database")
	name, err := d.free(began)
	if err != nil {
		return Dump{}, err
	}
	m, err := dump.Write(ctx, dump.Options{
		URL: o.URL, Path: filepath.Join(d.path, working+name), BinDir: o.BinDir,
		Program: o.Version, Reason: o.Reason, Now: o.Now, Progress: o.Progress,
	})
	if missing, ok := errors.AsType[*local.MissingError](err); ok {
		return Dump{}, fault.Wrap(fault.Config, "no dump can be made", missing)
	}
	if err != nil {
		return Dump{}, d.explain(err)
	}
	m.File, m.Keep = name, o.Keep
	made := Dump{Manifest: m, Path: filepath.Join(d.path, name), Whole: true}
	if err := d.publish(made); err != nil {
		return Dump{}, errors.Join(d.explain(fmt.Errorf("put the dump into its place: %w", err)), d.unlink(name))
	}
	return made, nil
}

// free is a name that is free: of the second, and of two in one second the later has a number.
func (d *Directory) free(at time.Time) (string, error) {
	stem := prefix + at.UTC().Format("20060102T150405Z")
	for n := 1; ; n++ {
		name := stem + suffix
		if n > 1 {
			name = fmt.Sprintf("%s-%d%s", stem, n, suffix)
		}
		taken := false
		for _, file := range []string{name, name + sumTail, dump.ManifestPath(name)} {
			_, err := os.Lstat(filepath.Join(d.path, file))
			taken = taken || err == nil
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return "", fmt.Errorf("look for a free name: %w", err)
			}
		}
		if !taken {
			return name, nil
		}
	}
}

// publish writes what belongs beside a dump, and gives it its name.
func (d *Directory) publish(made Dump) error {
	sum := made.Path + sumTail
	if err := create(sum, made.SHA256+"  "+made.File+"\n"); err != nil {
		return err
	}
	if err := made.Save(made.Path); err != nil {
		return err
	}
	unfinished := filepath.Join(d.path, working+made.File)
	for _, path := range []string{unfinished, sum, dump.ManifestPath(made.Path)} {
		if err := d.own(path); err != nil {
			return err
		}
	}
	if err := os.Rename(unfinished, made.Path); err != nil {
		return err
	}
	return syncDir(d.path)
}

// create writes a file that is not there yet and that only its owner may read.
func create(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// save writes the manifest of a dump again.
func (d *Directory) save(of Dump) error {
	if err := of.Save(of.Path); err != nil {
		return err
	}
	return d.own(dump.ManifestPath(of.Path))
}

// Remove removes these dumps with what lies beside them.
func (d *Directory) Remove(dumps []Dump) error {
	for _, one := range slices.Backward(dumps) { // the oldest first
		if err := os.Rename(one.Path, filepath.Join(d.path, working+one.File)); err != nil {
			return fmt.Errorf("remove an old dump: %w", err)
		}
		if err := d.unlink(one.File); err != nil {
			return fmt.Errorf("remove an old dump: %w", err)
		}
	}
	return nil
}
