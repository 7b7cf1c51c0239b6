package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// aliveName is the lock file that says that a temporary directory is in use.
const aliveName = "in-use.lock"

// Temp is a temporary directory that private servers can live in, also when
// we are root and they are not. It is ours until Remove.
type Temp struct {
	// Path is the directory.
	Path string
	lock *os.File
}

// NewTemp makes a temporary directory, its name beginning with prefix and a
// dash. It also clears away those of the same prefix and user whose owner was
// killed, together with the servers that still run in them.
func NewTemp(ctx context.Context, prefix string) (*Temp, error) {
	base := TempBase()
	if old, err := filepath.Glob(filepath.Join(base, prefix+"-*")); err == nil {
		for _, dir := range old {
			sweep(ctx, dir)
		}
	}
	path, err := os.MkdirTemp(base, prefix+"-*")
	if err != nil {
		return nil, err
	}
	t := &Temp{Path: path}
	// The lock gets its name when it is held: a sweeper that met it in between
	// would take the directory for abandoned.
	unnamed := filepath.Join(path, aliveName+".new")
	if t.lock, err = os.OpenFile(unnamed, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600); err == nil {
		err = flock(ctx, t.lock, syscall.LOCK_EX)
	}
	if err == nil {
		err = os.Rename(unnamed, filepath.Join(path, aliveName))
	}
	if err == nil && os.Geteuid() == 0 {
		err = os.Chmod(path, 0o711) //nolint:gosec // the servers' own users pass through, and cannot list it
	}
	if err != nil {
		return nil, errors.Join(err, t.Remove(ctx))
	}
	return t, nil
}

// Remove stops, without grace, what still runs in the directory and deletes
// it. A second call does nothing.
func (t *Temp) Remove(ctx context.Context) error {
	if t.Path == "" {
		return nil
	}
	err := clearDir(ctx, t.Path)
	if t.lock != nil {
		_ = t.lock.Close()
	}
	if err != nil {
		return fmt.Errorf("remove %s: %w", t.Path, err)
	}
	t.Path = ""
	return nil
}

// TempBase is the system's temporary directory, unless we are root and that
// one is closed to the servers' users.
func TempBase() string {
	base := os.TempDir()
	if os.Geteuid() != 0 {
		return base
	}
	nobody := account{uid: -1, gid: -1}
	for _, dir := range []string{base, "/tmp", "/var/tmp"} {
		if _, err := os.Stat(dir); err == nil && nobody.barrier(dir) == "" {
			return dir
		}
	}
	return base
}

// sweep removes an abandoned directory; it leaves alone what is in use or not
// plainly ours, and never fails: somebody else's litter must not stop us.
func sweep(ctx context.Context, dir string) {
	if uid, _, ok := ownerOf(dir); !ok || uid != os.Geteuid() {
		return
	}
	f, err := os.OpenFile(filepath.Join(dir, aliveName), os.O_RDWR|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return
	}
	defer func() { _ = f.Close() }()
	if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
		_ = clearDir(ctx, dir)
	}
}

// RemoveUnused deletes the directory of a private PostgreSQL, data and all,
// unless somebody uses the server; it tells whether it did. A server whose
// users were all killed is ended.
func RemoveUnused(dir string) (bool, error) {
	f, err := os.OpenFile(filepath.Join(dir, "postgres.users.lock"), os.O_RDWR|syscall.O_NOFOLLOW, 0)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil // not one of ours, or just being made
	}
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return false, nil
	}
	return true, clearDir(context.Background(), dir)
}

// clearDir ends the servers in dir and deletes it.
func clearDir(ctx context.Context, dir string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	data := filepath.Join(dir, "postgres")
	if pm, ok := readPostmaster(data); ok && alive(pm.pid, data) {
		_ = syscall.Kill(pm.pid, syscall.SIGQUIT)
		for alive(pm.pid, data) {
			if err := pause(ctx, nil); err != nil {
				return err
			}
		}
	}
	socket := filepath.Join(dir, "redis", redisSocket)
	r := &Redis{dir: filepath.Dir(socket), slog: Options{}.logger()}
	r.socket.Store(&socket)
	if err := r.stop(ctx); err != nil {
		return err
	}
	return os.RemoveAll(dir)
}
