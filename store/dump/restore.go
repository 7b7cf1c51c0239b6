package dump

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// RestoreOptions say which dump takes whose place. URL and Path are required.
type RestoreOptions struct {
	URL      string    // the database whose place is taken; it need not exist
	Path     string    // the dump
	Manifest *Manifest // nil: there is none, and nothing can be compared
	BinDir   string    // where pg_restore is; empty: wherever it is installed

	Now func() time.Time // nil: time.Now
	// Step, when set, is told what begins, in words.
	Step func(text string)
	// Last, when set, is called with the URL of the restored database, when it has been compared and before it takes the place.
	Last func(ctx context.Context, address string) error
}

// Restored is what came of a restore.
type Restored struct {
	Kept     string   // the database that gave way; empty when there was none
	Counts   Counts   // of the restored database
	Warnings []string // what is not as it was, in words
}

// DifferentError says that what was restored is not what was dumped.
type DifferentError struct{ Differences []string }

func (e *DifferentError) Error() string {
	return "restored, it is not what was dumped: " + strings.Join(e.Differences, "; ")
}

// Restore loads a dump into a new database, compares it with the manifest, and gives it the name of the one that is there, which is
// kept. Until that last moment the old database is untouched; when anything fails, or ctx ends, it stays and the new one is dropped.
// A process that is killed leaves at most the new one behind, which the next restore drops. Errors: ErrDamaged, ErrNoDump, ErrNoRight,
// *LoadError, *DifferentError, *BusyError, *local.MissingError, those of the server.
func Restore(ctx context.Context, o RestoreOptions) (Restored, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Step == nil {
		o.Step = func(string) {}
	}
	if o.Manifest != nil {
		o.Step("checking the file")
		if err := Check(ctx, o.Path, *o.Manifest); err != nil {
			return Restored{}, err
		}
	}
	w, err := parseWay(o.URL)
	if err != nil {
		return Restored{}, err
	}
	o.Step("making a new database")
	s, err := createScratch(ctx, w, kindNew)
	if err != nil {
		return Restored{}, err
	}
	done, err := o.into(ctx, s)
	if err != nil {
		return Restored{}, errors.Join(err, s.drop(ctx))
	}
	return done, nil
}

// into fills the new database and puts it in its place.
func (o RestoreOptions) into(ctx context.Context, s *scratch) (Restored, error) {
	var done Restored
	a, err := openArchive(ctx, o.Path, o.BinDir, serverMajor(s.keeper))
	if err != nil {
		return done, err
	}
	o.Step("loading the dump into " + s.way.config.Database)
	if done.Warnings, err = a.load(ctx, s.way); err != nil {
		return done, s.blame(ctx, err)
	}
	o.Step("counting what was loaded")
	if done.Counts, err = count(ctx, s.keeper); err != nil {
		return done, err
	}
	if o.Manifest != nil {
		if differences := Compare(*o.Manifest, done.Counts); len(differences) > 0 {
			return done, &DifferentError{differences}
		}
	}
	o.Step("preparing the tables")
	// So that the first questions find statistics, and indexes that answer alone. One by one: of a whole database PostgreSQL would log
	// a warning for each table of its own that the role may not vacuum.
	for _, t := range done.Counts.Tables {
		if _, err := s.keeper.Exec(ctx, "VACUUM (ANALYZE) "+t.Name); err != nil {
			return done, fmt.Errorf("vacuum %s: %w", t.Name, err)
		}
	}
	if o.Last != nil {
		address, err := withDatabase(o.URL, s.way.config.Database)
		if err == nil {
			err = o.Last(ctx, address)
		}
		if err != nil {
			return done, err
		}
	}
	o.Step("putting it in its place")
	kept, warnings, err := s.swap(ctx, o.Now())
	done.Kept, done.Warnings = kept, append(done.Warnings, warnings...)
	return done, err
}

// swap puts the scratch database in the place of the one that it was made beside. After it, it is no scratch database any more.
func (s *scratch) swap(ctx context.Context, now time.Time) (kept string, warnings []string, err error) {
	if err := context.Cause(ctx); err != nil {
		return "", nil, err
	}
	// from here on it is not interrupted any more: nobody should have to guess which of the two is there
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	p, err := openPlace(ctx, s.beside)
	if err != nil {
		return "", nil, err
	}
	defer p.close(ctx)
	there, err := p.exists(ctx, p.name)
	if err != nil {
		return "", nil, err
	}
	if there {
		if kept, err = p.keptName(ctx, now); err != nil {
			return "", nil, err
		}
	}
	s.leave(ctx) // with the lock held nobody takes the database for a leftover
	c := &carry{from: p.name, fresh: s.way.config.Database}
	if err := p.put(ctx, s.way.config.Database, kept, c.run); err != nil {
		return "", nil, err
	}
	s.way = way{}
	return kept, c.warnings, nil
}

// withDatabase is a URL or keyword string with another database.
func withDatabase(text, name string) (string, error) {
	if !strings.HasPrefix(text, "postgres://") && !strings.HasPrefix(text, "postgresql://") {
		return text + " " + keyword("dbname", name), nil // the last one counts
	}
	u, err := url.Parse(text)
	if err != nil {
		return "", errors.New("the database URL cannot be understood")
	}
	q := u.Query()
	q.Del("dbname")
	u.Path, u.RawPath, u.RawQuery = "/"+name, "", q.Encode()
	return u.String(), nil
}
