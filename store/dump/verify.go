package dump

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// ErrDamaged is returned by Check for a file that is not the one that its manifest tells of.
var ErrDamaged = errors.New("the dump is damaged")

// Check reads the whole file and holds it against its manifest.
func Check(ctx context.Context, path string, m Manifest) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("check the dump: %w", err)
	}
	defer func() { _ = f.Close() }()
	sum, bytes, err := digest(ctx, f)
	if err != nil {
		return fmt.Errorf("check the dump: %w", err)
	}
	if bytes != m.Bytes {
		return fmt.Errorf("%w: it has %d bytes, its manifest says %d", ErrDamaged, bytes, m.Bytes)
	}
	if sum != m.SHA256 {
		return fmt.Errorf("%w: its checksum is not that of its manifest", ErrDamaged)
	}
	return nil
}

// VerifyOptions say which dump to try, and on which server.
type VerifyOptions struct {
	URL      string // the database beside which a scratch database is made; it is not touched
	Path     string
	Manifest Manifest
	BinDir   string           // where pg_restore is; empty: wherever it is installed
	Now      func() time.Time // nil: time.Now
}

// Verify restores a dump on trial: into a scratch database, whose rows are counted and which is dropped. The outcome is about the dump;
// an error means that it could not be tried: no server, no right, no disk, no pg_restore, ctx ended. The server needs about
// Manifest.DatabaseBytes of disk for it; whether it has that is for the caller to see.
func Verify(ctx context.Context, o VerifyOptions) (Outcome, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	began := o.Now()
	outcome := func(text string, ok bool) Outcome {
		now := o.Now()
		return Outcome{At: now.UTC().Truncate(time.Millisecond), OK: ok, Text: text, Seconds: now.Sub(began).Seconds()}
	}
	if err := Check(ctx, o.Path, o.Manifest); errors.Is(err, ErrDamaged) {
		return outcome(err.Error(), false), nil
	} else if err != nil {
		return Outcome{}, err
	}
	w, err := parseWay(o.URL)
	if err != nil {
		return Outcome{}, err
	}
	differences, err := try(ctx, w, o)
	var bad *LoadError
	switch {
	case errors.As(err, &bad):
		return outcome(bad.Error(), false), nil
	case err != nil:
		return Outcome{}, fmt.Errorf("verify the dump: %w", err)
	case len(differences) > 0:
		return outcome("restored, it is not what was dumped: "+strings.Join(differences, "; "), false), nil
	}
	return outcome(fmt.Sprintf("restored and counted: %d rows in %d tables, all that was dumped", Rows(o.Manifest.Tables), len(o.Manifest.Tables)), true), nil
}

// try loads the dump into a scratch database and compares.
func try(ctx context.Context, w way, o VerifyOptions) (differences []string, err error) {
	s, err := createScratch(ctx, w, kindVerify)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.drop(ctx)) }()
	a, err := openArchive(ctx, o.Path, o.BinDir, serverMajor(s.keeper))
	if err != nil {
		return nil, err
	}
	if _, err := a.load(ctx, s.way); err != nil { // a missing extension says nothing about the dump
		return nil, s.blame(ctx, err)
	}
	counts, err := count(ctx, s.keeper)
	if err != nil {
		return nil, err
	}
	return Compare(o.Manifest, counts), nil
}

// LoadError says that PostgreSQL would not take what is in a dump.
type LoadError struct{ Reason string }

func (e *LoadError) Error() string { return "it cannot be restored: " + e.Reason }

// blame tells a dump that is bad from a server that is: err is the dump's fault when the server is well.
func (s *scratch) blame(ctx context.Context, err error) error {
	if ctx.Err() != nil || s.keeper.Ping(ctx) != nil || strings.Contains(err.Error(), "No space left") || strings.Contains(err.Error(), "disk full") {
		return err
	}
	return &LoadError{Reason: err.Error()}
}
