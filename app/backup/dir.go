package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"healthagent/app/fault"
	"healthagent/store/dump"
)

// Directory of dumps that this process alone may change, until Close.
type Directory struct {
	path string
	lock *os.File
	uid  int // to whom its files belong, when that is not this process; else -1
	gid  int
	tell func(text string)
}

// Open makes the directory if it is not there, sees to it that nobody else looks into it, takes its lock, and removes what processes
// that died have left. tell is told of what was done besides; it may be nil. Errors: fault.Conflict while another process has the lock,
// fault.Refused when the directory cannot be used as it is: the sentence says what to do.
func Open(path string, now time.Time, tell func(text string)) (*Directory, error) {
	return openWithin(context.Background(), path, now, 0, tell)
}

// openWithin is Open that waits for another process that has the lock.
func openWithin(ctx context.Context, path string, now time.Time, wait time.Duration, tell func(text string)) (*Directory, error) {
	if tell == nil {
		tell = func(string) {}
	}
	d := &Directory{path: path, uid: -1, gid: -1, tell: tell}
	if path == "" {
		return nil, fault.New(fault.Config, "there is no directory for the dumps: name one with HEALTHAGENT_BACKUP_DIR")
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fault.Wrap(fault.Refused, "the directory of the dumps cannot be made: make it ("+makeCommand(path)+"), or name another with HEALTHAGENT_BACKUP_DIR", err)
	}
	if err := d.close(); err != nil {
		return nil, err
	}
	if err := d.take(ctx, now, wait); err != nil {
		return nil, err
	}
	if err := d.sweep(); err != nil {
		return nil, errors.Join(d.unwritable(err), d.Close())
	}
	return d, nil
}

// makeCommand is what root types to make the directory for this user.
func makeCommand(path string) string {
	return fmt.Sprintf("as root: install -d -m 700 -o %d -g %d %s", os.Geteuid(), os.Getegid(), fault.Word(path))
}

// close keeps others out. The dumps are readable by their owner alone, but names and times are told by the directory, and who may write
// to it could put another dump in the place of one. A directory in which there is nothing but dumps is put right; of another we do not
// know what else it is for.
func (d *Directory) close() error {
	info, err := os.Stat(d.path)
	if err != nil {
		return fault.Wrap(fault.Refused, "the directory of the dumps cannot be looked at", err)
	}
	d.belongs(info)
	if !open(info) {
		return nil
	}
	refusal := fault.New(fault.Refused, fmt.Sprintf("others may look into the directory of the dumps (%s has the mode %04o), which hold everything that people told the bot: chmod 700 %s, or name another directory with HEALTHAGENT_BACKUP_DIR", d.path, info.Mode().Perm(), fault.Word(d.path)))
	if entries, err := os.ReadDir(d.path); err != nil || slices.ContainsFunc(entries, d.foreign) {
		return refusal
	}
	if err := os.Chmod(d.path, 0o700); err != nil {
		return refusal
	}
	if now, err := os.Stat(d.path); err != nil || open(now) {
		return refusal // a file system without modes
	}
	d.tell(fmt.Sprintf("%s had the mode %04o, and has 0700 now: the dumps are nobody else's", d.path, info.Mode().Perm()))
	return nil
}

// foreign tells whether something there is not ours, or is somebody else's.
func (d *Directory) foreign(e fs.DirEntry) bool {
	if e.Name() != lockName && !strings.HasPrefix(e.Name(), prefix) && !strings.HasPrefix(e.Name(), working) {
		return true
	}
	info, err := e.Info()
	if err != nil {
		return true
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	return known && int(owner.Uid) != os.Geteuid() && int(owner.Uid) != d.uid
}

// open tells whether others may do anything there, or a group more than look. A group that may look is the operator's own doing: the way
// for somebody who fetches the dumps.
func open(info fs.FileInfo) bool { return info.Mode().Perm()&0o027 != 0 }

// belongs notes to whom root gives what it makes there.
func (d *Directory) belongs(info fs.FileInfo) {
	owner, known := info.Sys().(*syscall.Stat_t)
	if known && os.Geteuid() == 0 && owner.Uid != 0 {
		d.uid, d.gid = int(owner.Uid), int(owner.Gid)
	}
}

// own gives a file that root made to the owner of the directory.
func (d *Directory) own(path string) error {
	if d.uid < 0 {
		return nil
	}
	return os.Lchown(path, d.uid, d.gid)
}

// sweep removes what is not finished: whoever was at it is dead, since the lock is ours.
func (d *Directory) sweep() error {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		unfinished := strings.HasPrefix(e.Name(), working+prefix)
		if !unfinished && !(strings.HasPrefix(e.Name(), prefix) && strings.HasSuffix(e.Name(), partTail)) {
			continue
		}
		name := strings.TrimSuffix(strings.TrimPrefix(e.Name(), working), partTail)
		if unfinished {
			err = d.unlink(name)
		} else {
			err = remove(filepath.Join(d.path, e.Name()))
		}
		if err != nil {
			return err
		}
		d.tell("removed what an interrupted backup left: " + e.Name())
	}
	return nil
}

// unlink removes a dump under its working name, and what lies beside it unless it is another's.
func (d *Directory) unlink(name string) error {
	path := filepath.Join(d.path, name)
	if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
		if err := errors.Join(remove(path+sumTail), remove(dump.ManifestPath(path))); err != nil {
			return err
		}
	}
	unfinished := filepath.Join(d.path, working+name)
	return errors.Join(remove(unfinished+partTail), remove(unfinished), syncDir(d.path))
}

// remove removes a file that may not be there.
func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// syncDir makes the names in a directory last.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
