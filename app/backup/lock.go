package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"healthagent/app/fault"
)

const (
	// glance is how long the lock is waited for in any case: who only looks whether somebody has it, has it for a moment.
	glance = 200 * time.Millisecond
	// again is how often it is tried meanwhile.
	again = 50 * time.Millisecond
)

// Close gives the lock back. A second call does nothing.
func (d *Directory) Close() error {
	if d.lock == nil {
		return nil
	}
	lock := d.lock
	d.lock = nil
	// Who comes next reads the holder's name only when there is one, but an operator may look at the file too.
	return errors.Join(lock.Truncate(0), lock.Close())
}

// Hold takes the lock of a directory for something else than making dumps, and changes nothing there. A directory that is not there, or
// in which this process may not write, holds up nobody: of it nothing is taken. Errors: fault.Conflict while another process has it.
func Hold(path string, now time.Time, doing string) (*Directory, error) {
	d := &Directory{path: path, uid: -1, gid: -1, tell: func(string) {}}
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return d, nil
	}
	d.belongs(info)
	if err := d.take(context.Background(), now, 0); fault.KindOf(err) == fault.Conflict {
		return d, err
	}
	if d.lock != nil {
		d.sign(now, doing)
	}
	return d, nil
}

// Held is why a directory cannot be worked in at this moment, nil when nobody does. It changes nothing.
func Held(path string) error {
	lock, err := os.OpenFile(filepath.Join(path, lockName), os.O_RDONLY|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil //nolint:nilerr // without a lock nobody has it
	}
	defer func() { _ = lock.Close() }() // it was only read
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_SH|syscall.LOCK_NB); errors.Is(err, syscall.EWOULDBLOCK) {
		return busy(path, holderOf(lock))
	}
	return nil
}

// take takes the lock, which ends with the process however that ends.
func (d *Directory) take(ctx context.Context, now time.Time, wait time.Duration) error {
	path := filepath.Join(d.path, lockName)
	lock, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return d.unwritable(err)
	}
	d.lock = lock
	if err := d.flock(ctx, wait); err != nil {
		d.lock = nil // what another has written into it stays
		return errors.Join(err, lock.Close())
	}
	if err := d.own(path); err != nil {
		return errors.Join(fault.Wrap(fault.Refused, "the directory of the dumps cannot be locked", err), d.Close())
	}
	d.sign(now, "begins")
	return nil
}

// flock waits for whoever has the lock. Errors: fault.Conflict with what that one does, fault.Refused, that of ctx.
func (d *Directory) flock(ctx context.Context, wait time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, glance+wait, errHeld)
	defer cancel()
	tick := time.NewTicker(again)
	defer tick.Stop()
	for told := wait == 0; ; {
		err := syscall.Flock(int(d.lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return fault.Wrap(fault.Refused, "the directory of the dumps cannot be locked", err)
		}
		holder := holderOf(d.lock)
		if !told {
			told = true
			d.tell(fmt.Sprintf("somebody is at work in %s: waiting for %s", d.path, holder))
		}
		select {
		case <-ctx.Done():
			if cause := context.Cause(ctx); !errors.Is(cause, errHeld) {
				return cause
			}
			return busy(d.path, holder)
		case <-tick.C:
		}
	}
}

// errHeld ends the wait for the lock.
var errHeld = errors.New("the lock is held")

// unwritable says what to do about a directory in which this process can write nothing.
func (d *Directory) unwritable(err error) error {
	const elsewhere = "name another directory with HEALTHAGENT_BACKUP_DIR"
	if errors.Is(err, syscall.EROFS) { // for the service everything is, but what its unit names
		return fault.Wrap(fault.Refused, fmt.Sprintf("the directory of the dumps is read-only to this process: let healthagent-backup.service write there (as root: %s), or %s",
			allowCommand(d.path), elsewhere), err)
	}
	if !errors.Is(err, fs.ErrPermission) {
		return fault.Wrap(fault.Refused, "the directory of the dumps cannot be written to: "+elsewhere, err)
	}
	give := makeCommand(d.path)
	lock := filepath.Join(d.path, lockName)
	if info, err := os.Lstat(lock); err == nil {
		if owner, known := info.Sys().(*syscall.Stat_t); known && int(owner.Uid) != os.Geteuid() {
			give = fmt.Sprintf("as root: chown -h %d:%d %s", os.Geteuid(), os.Getegid(), fault.Word(lock))
		}
	}
	return fault.Wrap(fault.Refused, "the directory of the dumps cannot be written to by this user: let it ("+give+"), or "+elsewhere, err)
}

// allowCommand is what root types to let the service write into the directory: what the installer writes, which would do it as well.
func allowCommand(path string) string {
	const dropIns = "/etc/systemd/system/healthagent-backup.service.d"
	word := path
	if strings.ContainsFunc(path, func(r rune) bool { return !strings.ContainsRune(plain, r) }) { // as systemd wants it
		word = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `%`, `%%`).Replace(path) + `"`
	}
	return fmt.Sprintf(`install -d %s && printf '[Service]\nReadWritePaths=%%s\n' %s > %s/30-backups.conf && systemctl daemon-reload`,
		dropIns, fault.Word(word), dropIns)
}

// plain are the characters that mean nothing to systemd.
const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:,@+=-"

func holderOf(lock io.ReaderAt) string {
	text, _ := io.ReadAll(io.NewSectionReader(lock, 0, 200)) // without it, there is less to say
	if holder := strings.TrimSpace(string(text)); holder != "" {
		return holder
	}
	return "another process"
}

func busy(path, holder string) error {
	return fault.New(fault.Conflict, fmt.Sprintf("somebody is at work in %s: %s; try again when that is over", path, holder))
}

// sign writes into the lock who has it and what for. On a full disk it cannot be read there; the lock holds all the same.
func (d *Directory) sign(now time.Time, doing string) {
	text := fmt.Sprintf("process %d, which %s since %s\n", os.Getpid(), doing, now.UTC().Format(time.RFC3339))
	_ = d.lock.Truncate(0)
	_, _ = d.lock.WriteAt([]byte(text), 0)
}
