package machine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// Host is the machine at hand as a place for servers. Its methods may be called
// concurrently.
type Host struct {
	dir     string // of everything
	run     string // of this run
	id      string // of this run, part of the names of its cgroups
	parents []string
	say     io.Writer
	zone    string // see noon

	mu     sync.Mutex
	booted int
	cached *os.File // locked while roots are read or made
}

// Options say where a Host keeps its files and what it may do.
type Options struct {
	// Dir keeps the roots, some 1.5 GB, from run to run. It must be on a file
	// system that overlays can be made on.
	Dir string
	// Provide is run when programs are missing; it shall install them. May be nil.
	Provide func(context.Context) error
	// Say gets a line about everything that takes long; nil means nobody.
	Say io.Writer
}

// Unable is the reason why a machine cannot boot servers at all: it is a matter
// for a skip, not for a failure.
type Unable struct{ Reason string }

// Error says the reason.
func (u *Unable) Error() string { return u.Reason }

// Open makes the machine ready: it checks what is needed, provides it where that
// can be done, removes what killed runs left, and makes the roots of the suites
// where there is no fresh one. The error is an *Unable when the machine is at
// fault. Close must be called.
func Open(ctx context.Context, o Options, suites ...Suite) (*Host, error) {
	if o.Say == nil {
		o.Say = io.Discard
	}
	if err := able(ctx, o); err != nil {
		return nil, err
	}
	h := &Host{dir: o.Dir, say: o.Say, zone: noon(time.Now())}
	var err error
	if h.parents, err = cgroups(); err != nil {
		return nil, err
	}
	if err := h.begin(); err != nil {
		return nil, err
	}
	if err := h.sweep(); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	if err := h.roots(ctx, suites); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

// Attach is the Host that another process opened, known by its Run; that one
// closes it.
func Attach(o Options, run string) (*Host, error) {
	if o.Say == nil {
		o.Say = io.Discard
	}
	parents, err := cgroups()
	if err != nil {
		return nil, err
	}
	return &Host{dir: o.Dir, run: run, id: filepath.Base(run), parents: parents, say: o.Say, zone: noon(time.Now())}, nil
}

// noon is a time zone in which it is between noon and one at that moment. A
// server's systemd reads its timers by it, and tells it to nobody: what is due
// every night is not due during a test, at whatever hour that runs.
func noon(now time.Time) string { return fmt.Sprintf("NOON%+d", now.UTC().Hour()-12) }

// Run is the directory of this run.
func (h *Host) Run() string { return h.run }

// begin makes the run's directory. Its lock tells others that it is in use.
func (h *Host) begin() error {
	runs := filepath.Join(h.dir, "run")
	if err := os.MkdirAll(runs, 0o755); err != nil { //nolint:gosec // a server's root is no secret
		return err
	}
	h.id = strconv.Itoa(os.Getpid())
	h.run = filepath.Join(runs, h.id)
	if err := h.clear(h.run); err != nil { // of an earlier process with our number
		return err
	}
	if err := os.Mkdir(h.run, 0o755); err != nil { //nolint:gosec // as above
		return err
	}
	_, err := lock(filepath.Join(h.run, "lock"), syscall.LOCK_EX|syscall.LOCK_NB)
	return err
}

// Close ends every server of this run and removes all of its files. The roots
// stay.
func (h *Host) Close() error {
	err := h.clear(h.run)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.cached != nil {
		err = errors.Join(err, h.cached.Close())
		h.cached = nil
	}
	return err
}

// sweep removes what killed runs left.
func (h *Host) sweep() error {
	runs, err := filepath.Glob(filepath.Join(h.dir, "run", "*"))
	if err != nil {
		return err
	}
	for _, run := range runs {
		if run == h.run {
			continue
		}
		held, err := lock(filepath.Join(run, "lock"), syscall.LOCK_EX|syscall.LOCK_NB)
		if errors.Is(err, syscall.EWOULDBLOCK) {
			continue // somebody works there
		}
		if err == nil {
			_ = held.Close()
		}
		if err := h.clear(run); err != nil {
			return err
		}
	}
	return nil
}

// clear ends the servers of a run and removes its files.
func (h *Host) clear(run string) error {
	err := errors.Join(h.uncgroup(filepath.Base(run)), os.RemoveAll(run))
	if err != nil {
		return fmt.Errorf("remove the servers of %s: %w", run, err)
	}
	return nil
}

// lock opens a file and locks it as how says. The lock ends with the file.
func lock(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), how); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
	return f, nil
}
