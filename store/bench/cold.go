package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Cold is what the first callers see after a start of the server, each asking for somebody else.
type Cold struct {
	Calls int64   `json:"calls"`
	First float64 `json:"first_us"`
	P50   float64 `json:"p50_us"`
	Max   float64 `json:"max_us"`
}

// coldCalls is how many are asked before the data is warm for the rest.
const coldCalls = 20

// Cold runs the query on a server that has read nothing yet: chill empties its memory. The connection and the statement are made
// before the first call is timed.
func (s *Scratch) Cold(ctx context.Context, q Query, crowd Crowd, chill func(ctx context.Context) error) (Cold, error) {
	s.pool.Close()
	_ = s.keeper.Close(ctx)
	if err := chill(ctx); err != nil {
		return Cold{}, err
	}
	var err error
	if s.keeper, err = s.connect(ctx); err != nil {
		return Cold{}, err
	}
	if err := s.open(ctx, int(s.pool.Config().MaxConns)); err != nil {
		return Cold{}, err
	}
	if err := s.prepare(ctx, q); err != nil {
		return Cold{}, err
	}
	dice := rand.New(rand.NewPCG(4, 4)) //nolint:gosec // not a secret
	h, ask := newHistogram(), s.Ask(q, crowd)
	var c Cold
	for i := range coldCalls {
		begin := time.Now()
		if err := ask(ctx, dice); err != nil {
			return c, err
		}
		took := time.Since(begin)
		_ = h.RecordValue(int64(took))
		if i == 0 {
			c.First = float64(took) / 1000
		}
	}
	t := summary(h)
	c.Calls, c.P50, c.Max = t.Calls, t.P50, t.Max
	return c, nil
}

// prepare makes a connection of the pool know the statement.
func (s *Scratch) prepare(ctx context.Context, q Query) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("acquire a connection: %w", err)
	}
	defer conn.Release()
	if _, err := conn.Conn().Prepare(ctx, q.SQL, q.SQL); err != nil {
		return fmt.Errorf("prepare %s: %w", q.Name, err)
	}
	return nil
}

// Evict makes the operating system forget what it holds in memory of the files below dir, of nothing else. They must not be in use
// and be written out, as those of a stopped server are. It needs no right but to read them, and returns how many bytes they are.
func Evict(dir string) (int64, error) {
	var sum int64
	err := eachFile(dir, func(file *os.File) error {
		info, err := file.Stat()
		if err != nil {
			return err
		}
		sum += info.Size()
		return unix.Fadvise(int(file.Fd()), 0, 0, unix.FADV_DONTNEED)
	})
	if err != nil {
		return sum, fmt.Errorf("empty the page cache of %s: %w", dir, err)
	}
	return sum, nil
}

// Warm reads the files below dir, so that the operating system holds as much of them in memory as there is room for.
func Warm(ctx context.Context, dir string) error {
	err := eachFile(dir, func(file *os.File) error {
		_, err := io.Copy(io.Discard, file)
		return errors.Join(err, ctx.Err())
	})
	if err != nil {
		return fmt.Errorf("read %s: %w", dir, err)
	}
	return nil
}

// eachFile opens what is below dir, one after the other. A server at work may delete what was just listed.
func eachFile(dir string, do func(*os.File) error) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if path != dir && errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		file, err := os.Open(path) //nolint:gosec // below our own directory
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		return errors.Join(do(file), file.Close())
	})
}
