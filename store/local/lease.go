package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"
)

// pollEvery paces every wait for another process: short against the start of
// a server, long against the cost of asking.
const pollEvery = 10 * time.Millisecond

// lease is one handle's share in a server. Two lock files carry it: users,
// held shared as long as the handle is open, and control, held exclusively
// while anybody starts, stops or counts. The kernel drops both when a process
// dies, so a kill leaves no stale share behind.
type lease struct {
	control string
	users   *os.File
	owner   account
	closed  atomic.Bool
}

// takeLease joins the users of the server name in dir. On success the caller
// holds the control lock and must call unlock.
func takeLease(ctx context.Context, dir, name string, owner account) (l *lease, unlock func(), err error) {
	l = &lease{control: filepath.Join(dir, name+".control.lock"), owner: owner}
	if unlock, err = l.lock(ctx); err != nil {
		return nil, nil, err
	}
	l.users, err = openLock(filepath.Join(dir, name+".users.lock"), owner)
	if err == nil {
		err = flock(ctx, l.users, syscall.LOCK_SH)
	}
	if err != nil {
		if l.users != nil {
			_ = l.users.Close()
		}
		unlock()
		return nil, nil, err
	}
	return l, unlock, nil
}

// lock takes the control lock, waiting for its holder as long as ctx allows.
func (l *lease) lock(ctx context.Context) (unlock func(), err error) {
	f, err := openLock(l.control, l.owner)
	if err != nil {
		return nil, err
	}
	if err := flock(ctx, f, syscall.LOCK_EX); err != nil {
		_ = f.Close()
		return nil, err
	}
	return func() { _ = f.Close() }, nil
}

// end gives the share back and, when nobody else holds one, calls stop. Only
// the first call does anything. Without the control lock in time the share is
// still given back, and the server is left to the next user.
func (l *lease) end(ctx context.Context, stop func(context.Context) error) error {
	if l.closed.Swap(true) {
		return nil
	}
	defer func() { _ = l.users.Close() }()
	unlock, err := l.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return l.endLocked(ctx, stop)
}

// endLocked is end for a caller that holds the control lock.
func (l *lease) endLocked(ctx context.Context, stop func(context.Context) error) error {
	err := syscall.Flock(int(l.users.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil // others still use it
	}
	if err != nil {
		return fmt.Errorf("lock %s: %w", l.users.Name(), err)
	}
	return stop(ctx)
}

func openLock(path string, owner account) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := owner.ownFile(f); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// flock polls instead of blocking, so that ctx can end the wait.
func flock(ctx context.Context, f *os.File, how int) error {
	for {
		err := syscall.Flock(int(f.Fd()), how|syscall.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, syscall.EWOULDBLOCK), errors.Is(err, syscall.EINTR):
			if err := pause(ctx, nil); err != nil {
				return fmt.Errorf("wait for %s: %w", f.Name(), err)
			}
		default:
			return fmt.Errorf("lock %s: %w", f.Name(), err)
		}
	}
}

// pause waits one polling interval, or until done is closed, or ctx ends.
func pause(ctx context.Context, done <-chan struct{}) error {
	t := time.NewTimer(pollEvery)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-done:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
