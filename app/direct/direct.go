package direct

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"time"

	"healthagent/app/acts"
	"healthagent/app/admin"
	"healthagent/app/schema"
	"healthagent/migrations"
	"healthagent/store"
	"healthagent/store/inspect"
	"healthagent/tui/source"
)

// Config says which database, and who sits at the screen. Only URL has no default.
type Config struct {
	URL      string           // PostgreSQL, in any form that libpq knows
	Version  string           // of this program
	Host     string           // empty: what the machine calls itself
	StateDir string           // what was done is kept below it, so that the next screen knows; empty, or not to be written to: for this process only
	ReadOnly bool             // nothing can be done
	Slow     time.Duration    // from how long on the daemon calls a statement slow
	As       *Identity        // as whom the database is opened; nil: as whoever runs this process
	Now      func() time.Time // nil: time.Now
	Logger   *slog.Logger     // nil: warnings become lines of the screen's own log
}

// Warning is what whoever acts without the daemon has to know.
const Warning = "the daemon is down: an act runs in this screen, and leaving it or losing SSH interrupts it"

// Source is a source.Source on the database itself. Its states hold what the database knows and nothing else; who draws them puts them over
// what the daemon said last. Figures of a statement that only the daemon has are NaN.
type Source struct {
	conf    Config
	dial    dialer
	log     *slog.Logger
	monitor *inspect.Inspector
	engine  *migrations.Engine
	acts    *acts.Runner
	who     admin.Asker
	dropDir func() // removes a directory that was made for this process

	end  context.CancelFunc
	over sync.WaitGroup

	mu    sync.Mutex
	looks map[*look]struct{} // Follows under way
	words map[string]string  // what must be typed, by token
}

var _ source.Source = (*Source)(nil)

// Open connects to nothing yet. It fails when the URL cannot be understood. Close it.
func Open(c Config) (*Source, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Source{looks: map[*look]struct{}{}, words: map[string]string{}}
	if c.Logger == nil {
		c.Logger = slog.New(screenLog{note: s.note})
	}
	var dial dialer
	c.URL, dial = c.As.Way(c.URL)
	monitor, err := inspect.Open(inspect.Config{URL: c.URL, Dial: dial, Application: "healthagent-tui", Logger: c.Logger, Now: c.Now})
	if err != nil {
		return nil, fmt.Errorf("ask the database itself: %w", err)
	}
	engine, err := schema.NewEngine(migrations.Config{URL: c.URL, Dial: dial, Logger: c.Logger, BinaryVersion: c.Version, Now: c.Now})
	if err != nil {
		return nil, fmt.Errorf("ask the database itself: %w", err)
	}
	dir, drop, err := place(c.StateDir)
	if err != nil {
		return nil, err
	}
	s.conf, s.dial, s.log, s.monitor, s.engine = c, dial, c.Logger, monitor, engine
	s.who, s.dropDir = self(c.ReadOnly), drop
	s.acts = acts.New(acts.Config{
		Engine: engine, Monitor: monitor, StateDir: dir, Audit: s.audit, State: s.known, Changed: s.changed, Note: s.note,
		Now: c.Now, Logger: c.Logger,
	})
	ctx, end := context.WithCancel(context.Background())
	s.end = end
	s.over.Go(func() { s.safely("acts", func() { s.acts.Run(ctx) }) })
	return s, nil
}

// Close cancels what runs, waits until that has cleaned up behind itself, and ends the connections. It is called once, after Follow.
func (s *Source) Close() {
	s.end()
	s.over.Wait()
	s.monitor.Close()
	s.dropDir()
}

// safely keeps a mistake of ours from taking the terminal with it.
func (s *Source) safely(what string, do func()) {
	defer func() {
		if r := recover(); r != nil {
			s.log.Error(what+" failed by a mistake of the program", "stack", string(debug.Stack()))
		}
	}()
	do()
}

// place is where runs and reports are kept: below the state directory, beside the daemon's own.
func place(state string) (dir string, drop func(), err error) {
	if state != "" {
		dir = filepath.Join(state, "direct")
		if err := os.MkdirAll(dir, 0o700); err == nil && writable(dir) {
			return dir, func() {}, nil
		}
	}
	dir, err = os.MkdirTemp("", "healthagent-tui-")
	if err != nil {
		return "", nil, fmt.Errorf("make a directory for what is done: %w", err)
	}
	return dir, func() { _ = os.RemoveAll(dir) }, nil // a temporary directory is cleaned by others too
}

func writable(dir string) bool {
	f, err := os.CreateTemp(dir, ".probe-")
	if err != nil {
		return false
	}
	return errors.Join(f.Close(), os.Remove(f.Name())) == nil
}

// self is whoever runs this process. Who has the database's URL may do with it what its role may.
func self(readOnly bool) admin.Asker {
	p := admin.Peer{PID: os.Getpid(), UID: os.Getuid(), GID: os.Getgid()}
	a := admin.Asker{Peer: p, You: admin.Rights{}.You(p, true)}
	a.You.Act, a.You.Why = true, "the database lets you: the daemon is not asked"
	if readOnly {
		a.You.Act, a.You.Why = false, "this screen was opened to look only"
	}
	return a
}

// auditTime bounds the writing of one line: nothing waits for it longer.
const auditTime = 3 * time.Second

// audit writes into the database's audit log, on a connection for that line alone.
func (s *Source) audit(ctx context.Context, actor, action, subject string, detail json.RawMessage) error {
	ctx, cancel := context.WithTimeout(ctx, auditTime)
	defer cancel()
	db, err := store.Open(ctx, store.Config{URL: s.conf.URL, Dial: s.dial, PoolMin: 1, PoolMax: 1, Application: "healthagent-tui", Logger: s.log})
	if err != nil {
		return err
	}
	defer db.Close()
	return db.Audit(ctx, actor, action, subject, detail)
}
