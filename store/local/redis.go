package local

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

const redisSocket = "redis.sock"

// Redis is a handle on a private Redis, a cache: nothing in it outlives the
// server. Its methods may be called from several goroutines.
type Redis struct {
	opt   Options
	dir   string // absolute, the server's working directory
	log   string
	lease *lease
	acct  account
	slog  *slog.Logger

	socket atomic.Pointer[string]
	child  *child // under the control lock; nil when we attached
}

// StartRedis makes sure that the private Redis (or Valkey) of o.Dir runs and
// returns a handle that keeps it running until Close. It listens on a unix
// socket only, writes nothing to disk and evicts the least recently used keys
// beyond 64 MB. As root it runs as the owner of o.Dir, or as redis. Errors are
// those of StartPostgres.
func StartRedis(ctx context.Context, o Options) (*Redis, error) {
	dir, err := prepareDir(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("private Redis: %w", err)
	}
	r := &Redis{opt: o, dir: filepath.Join(dir, "redis"), log: filepath.Join(dir, "redis.log"), slog: o.logger()}
	if r.acct, err = accountFor(dir, r.dir, "redis", "valkey", "nobody"); err != nil {
		return nil, fmt.Errorf("private Redis: %w", err)
	}
	var unlock func()
	if r.lease, unlock, err = takeLease(ctx, dir, "redis", r.acct); err != nil {
		return nil, fmt.Errorf("private Redis: %w", err)
	}
	defer unlock()
	if err = r.ensure(ctx); err != nil {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		r.lease.closed.Store(true)
		err = errors.Join(err, r.lease.endLocked(ctx, r.stop))
		_ = r.lease.users.Close()
		return nil, fmt.Errorf("private Redis: %w", err)
	}
	return r, nil
}

// URL is "unix:///path/of/the/socket"; it stays the same over a restart by
// Ensure.
func (r *Redis) URL() string {
	return (&url.URL{Scheme: "unix", Path: *r.socket.Load()}).String()
}

// PID is the process id of the server, 0 when it does not answer.
func (r *Redis) PID() int {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	info, err := r.call(ctx, "INFO server")
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(info, "process_id:")
	digits, _, _ := strings.Cut(rest, "\r")
	pid, _ := strconv.Atoi(digits)
	return pid
}

// Ensure starts the server again, empty, when it is gone. After Close it
// returns ErrClosed.
func (r *Redis) Ensure(ctx context.Context) error {
	unlock, err := r.lease.lock(ctx)
	if err != nil {
		return fmt.Errorf("private Redis: %w", err)
	}
	defer unlock()
	if r.lease.closed.Load() {
		return ErrClosed
	}
	if err := r.ensure(ctx); err != nil {
		return fmt.Errorf("private Redis: %w", err)
	}
	return nil
}

// Close gives up the handle; the last one on the directory, in any process,
// stops the server and waits for it as long as ctx allows. A second call does
// nothing.
func (r *Redis) Close(ctx context.Context) error {
	if err := r.lease.end(ctx, r.stop); err != nil {
		return fmt.Errorf("stop the private Redis: %w", err)
	}
	return nil
}

// Stop stops the server whoever uses it, and waits for that as long as ctx
// allows. The handle stays good: Ensure starts the server again.
func (r *Redis) Stop(ctx context.Context) error {
	unlock, err := r.lease.lock(ctx)
	if err != nil {
		return fmt.Errorf("stop the private Redis: %w", err)
	}
	defer unlock()
	if err := r.stop(ctx); err != nil {
		return fmt.Errorf("stop the private Redis: %w", err)
	}
	return nil
}

// ensure brings the server up. The caller holds the control lock.
func (r *Redis) ensure(ctx context.Context) error {
	if err := privateDir(r.dir, r.acct); err != nil {
		return err
	}
	dir, err := socketDir(r.dir, redisSocket, r.acct)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, redisSocket)
	r.socket.Store(&path)
	for {
		_, err := r.call(ctx, "PING")
		if err == nil {
			return nil
		}
		gone := errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, os.ErrNotExist)
		switch {
		case !gone: // it is there and busy
		case r.child == nil:
			if err := r.start(path); err != nil {
				return err
			}
		case r.child.exited():
			c := r.child
			r.child = nil
			if out := c.output(); !strings.Contains(out, "connections at "+path) {
				return &StartError{Server: "Redis", Reason: "it ended while starting", Log: r.log, Tail: out}
			}
			continue // it had been up: start it again
		}
		if err := pause(ctx, r.child.wait()); err != nil {
			return fmt.Errorf("wait for the server to answer: %w", err)
		}
	}
}

func (r *Redis) start(socket string) error {
	bin, err := findRedis(r.opt.BinDir)
	if err != nil {
		return err
	}
	conf := map[string]string{
		"appendonly":                  "no",
		"databases":                   "16",
		"maxmemory":                   "64mb",
		"maxmemory-policy":            "allkeys-lru",
		"save":                        "",
		"stop-writes-on-bgsave-error": "no",
	}
	maps.Copy(conf, r.opt.Settings)
	maps.Copy(conf, map[string]string{
		"daemonize": "no", "dir": r.dir, "logfile": "", "port": "0", "unixsocket": socket, "unixsocketperm": "700",
	})
	var args []string
	for _, k := range slices.Sorted(maps.Keys(conf)) {
		args = append(args, "--"+k, conf[k])
	}
	if r.child, err = spawn(r.acct, r.dir, r.log, bin, args...); err != nil {
		return err
	}
	r.slog.Info("started the private Redis", "dir", r.dir, "pid", r.child.pid)
	return nil
}

// stop ends the server and waits for it. The caller holds the control lock
// and knows that nobody else uses the server.
func (r *Redis) stop(ctx context.Context) error {
	if r.socket.Load() == nil {
		return nil
	}
	for {
		// The reply to a shutdown that works is the end of the connection.
		_, err := r.call(ctx, "SHUTDOWN NOSAVE")
		if errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, os.ErrNotExist) {
			if r.child == nil || r.child.exited() {
				break
			}
		}
		if err := pause(ctx, r.child.wait()); err != nil {
			return fmt.Errorf("wait for the server to end: %w", err)
		}
	}
	if dir := filepath.Dir(*r.socket.Load()); dir != r.dir {
		_ = os.Remove(dir) // the short one, empty by now
	}
	r.slog.Info("stopped the private Redis", "dir", r.dir)
	return nil
}

// call sends one inline command and returns its reply, at most a few seconds
// later.
func (r *Redis) call(ctx context.Context, command string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", *r.socket.Load())
	if err != nil {
		return "", err
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	if _, err := io.WriteString(conn, command+"\r\n"); err != nil {
		return "", err
	}
	return readReply(bufio.NewReader(conn))
}

// readReply reads one simple, integer or bulk reply.
func readReply(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return "", err
	}
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", errors.New("empty reply")
	}
	switch line[0] {
	case '+', ':':
		return line[1:], nil
	case '-':
		return "", fmt.Errorf("redis: %s", line[1:])
	case '$':
		n, err := strconv.Atoi(line[1:])
		if err != nil || n < 0 {
			return "", err
		}
		body := make([]byte, n+2)
		_, err = io.ReadFull(r, body)
		return string(body[:max(n, 0)]), err
	default:
		return "", fmt.Errorf("unexpected kind of reply %q", line[0])
	}
}
