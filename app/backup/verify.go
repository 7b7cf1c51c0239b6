package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"healthagent/app/fault"
	"healthagent/store/dump"
	"healthagent/store/local"
)

// ErrNoRoom is returned when the server of the database has no room for a trial restore.
var ErrNoRoom = errors.New("there is no room for a trial restore")

// ErrBad is returned for a dump that could not be restored, or is not what was dumped.
var ErrBad = errors.New("the trial restore went badly")

// Verify restores a dump of the directory on trial and writes down in its manifest what came of it. Errors: ErrBad, ErrNoRoom, those of
// the server and of its programs.
func (d *Directory) Verify(ctx context.Context, which Dump, o Options) (Dump, error) {
	d.sign(o.Now(), "restores a dump on trial")
	tried, err := Try(ctx, which, o)
	if tried.Verified == nil || err != nil && !errors.Is(err, ErrBad) {
		return which, err
	}
	if saved := d.save(tried); saved != nil {
		err = errors.Join(err, fmt.Errorf("write down what came of the trial: %w", saved))
	}
	return tried, err
}

// Try restores a dump on trial, wherever it lies, into a database of its own beside the one of the URL, and drops that. It changes no
// file. Errors: as Verify.
func Try(ctx context.Context, which Dump, o Options) (Dump, error) {
	if _, err := dump.Sweep(ctx, o.URL); err != nil { // a trial that was killed may have the room for this one
		return which, err
	}
	reason, err := roomToTry(ctx, o.URL, which.Manifest)
	if err != nil {
		return which, err
	}
	if reason != "" {
		return which, fault.Wrap(fault.Conflict, "no dump was tried: "+reason, ErrNoRoom)
	}
	result, err := dump.Verify(ctx, dump.VerifyOptions{URL: o.URL, Path: which.Path, Manifest: which.Manifest, BinDir: o.BinDir, Now: o.Now})
	if missing, ok := errors.AsType[*local.MissingError](err); ok {
		return which, fault.Wrap(fault.Config, "no dump can be tried", missing)
	}
	if errors.Is(err, dump.ErrNoRight) {
		return which, fault.Wrap(fault.Refused, "no dump can be tried", err)
	}
	if err != nil {
		return which, err
	}
	which.Verified = &result
	if !result.OK {
		return which, fault.Wrap(fault.Invalid, which.Path+": "+result.Text, ErrBad)
	}
	return which, nil
}

// At returns the dump in that file, which may lie anywhere. Errors: fault.NotFound, fault.Invalid without a manifest that can be used,
// fault.Refused when it may not be read by the user that this process is by now.
func At(path string) (Dump, error) {
	info, err := os.Stat(path)
	if err == nil && info.Mode().IsRegular() {
		var f *os.File
		if f, err = os.Open(path); err == nil { // to see whether it may be read
			err = f.Close()
		}
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Dump{}, fault.New(fault.NotFound, "there is no file "+path)
	case errors.Is(err, fs.ErrPermission):
		return Dump{}, unreadable(path, err)
	case err != nil:
		return Dump{}, fault.Wrap(fault.Invalid, "the file cannot be read", err)
	case !info.Mode().IsRegular():
		return Dump{}, fault.New(fault.Invalid, path+" is not a file")
	}
	m, err := dump.ReadManifest(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return Dump{}, fault.New(fault.Invalid, "there is no manifest beside the dump ("+dump.ManifestPath(path)+"), so nothing tells what has to be in it")
	case errors.Is(err, fs.ErrPermission):
		return Dump{}, unreadable(dump.ManifestPath(path), err)
	case err != nil:
		return Dump{}, fault.Wrap(fault.Invalid, "the manifest beside the dump cannot be used", err)
	}
	return Dump{Manifest: m, Path: path, Whole: m.Bytes == info.Size()}, nil
}

func unreadable(path string, err error) error {
	return fault.Wrap(fault.Refused, fmt.Sprintf("%s may not be read by the user who opens the database (uid %d)", path, os.Geteuid()), err)
}

// BringIn is what root types to have a dump and what lies beside it in the directory of the dumps, where this user can read it; and where
// it is then.
func BringIn(path, dir string) (command, there string) {
	if Inside(dir, path) {
		return fmt.Sprintf("chown -h %d:%d %s*", os.Geteuid(), os.Getegid(), fault.Word(path)), path
	}
	return fmt.Sprintf("install -o %d -g %d -m 0600 %s* %s", os.Geteuid(), os.Getegid(), fault.Word(path), fault.Word(dir)), filepath.Join(dir, filepath.Base(path))
}

// Inside tells whether a file lies in that directory.
func Inside(dir, path string) bool { return filepath.Dir(path) == filepath.Clean(dir) }
