package bench

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"healthagent/app/fault"
	"healthagent/store/bench"
	"healthagent/store/local"
)

// server is where the scratch database is made: the one that was named, or a private one in a temporary directory, as durable and
// with the same settings as the daemon's.
type server struct {
	url   string
	temp  *local.Temp
	own   *local.Postgres
	files string // of the private one
	// the files are in a memory file system, which cannot be made to forget them
	inMemory bool
}

// farewell is how long the removal of the private server may take.
const farewell = time.Minute

func openServer(ctx context.Context, o Options) (_ *server, err error) {
	if o.DatabaseURL != "" {
		return &server{url: o.DatabaseURL}, nil
	}
	s := &server{}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close(ctx))
		}
	}()
	// it also clears away what a bench that was killed has left behind
	if s.temp, err = local.NewTemp(ctx, "healthagent-bench"); err != nil {
		return nil, fmt.Errorf("make a directory: %w", err)
	}
	if s.inMemory, err = roomFor(s.temp.Path, o.Messages); err != nil {
		return nil, err
	}
	s.files = filepath.Join(s.temp.Path, "postgres")
	s.own, err = local.StartPostgres(ctx, local.Options{
		Dir: s.temp.Path, Logger: slog.New(slog.DiscardHandler),
		// two pools of ours and pgbench's connections, and what belongs to nobody
		Settings: map[string]string{"max_connections": strconv.Itoa(3*o.PoolMax + 20)},
	})
	if missing, ok := errors.AsType[*local.MissingError](err); ok {
		return nil, fault.Wrap(fault.Unavailable, "DATABASE_URL is empty and there is no PostgreSQL to run", missing)
	}
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, "DATABASE_URL is empty and no private PostgreSQL can be started", err)
	}
	s.url = s.own.URL()
	return s, bench.AllowCheckpoints(ctx, s.own.AdminURL(), "healthagent")
}

// roomFor refuses to fill somebody's disk: tables, keys, all indexes and the log come to less than two kilobytes a message. It tells
// whether the disk is one.
func roomFor(dir string, messages int) (inMemory bool, err error) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(dir, &disk); err != nil {
		return false, fmt.Errorf("look how much room is left in %s: %w", dir, err)
	}
	const (
		log   = 1 << 30
		tmpfs = 0x01021994
	)
	free, need := disk.Bavail*uint64(disk.Bsize), uint64(messages)*2048+log //nolint:gosec // sizes are not negative
	if free < need {
		return false, fault.New(fault.Conflict, fmt.Sprintf("%d MB are free in %s and %d messages may need %d: ask for fewer, or set TMPDIR",
			free>>20, dir, messages, need>>20))
	}
	return disk.Type == tmpfs, nil
}

// chill stops the private server, makes the operating system forget its files, and starts it again.
func (s *server) chill(ctx context.Context) error {
	if err := s.own.Stop(ctx); err != nil {
		return err
	}
	if _, err := bench.Evict(s.files); err != nil {
		return err
	}
	return s.own.Ensure(ctx)
}

// close removes the private server. It works when ctx is over.
func (s *server) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	var errs []error
	if s.own != nil {
		errs = append(errs, s.own.Close(ctx))
	}
	if s.temp != nil {
		errs = append(errs, s.temp.Remove(ctx))
	}
	return errors.Join(errs...)
}
