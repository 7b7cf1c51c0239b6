package dump

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Names by which our sessions are known on the server.
const (
	applicationDump    = "healthagent-dump"
	applicationRestore = "healthagent-restore"
)

// lockWait is how long a dump waits for a table that somebody changes: everybody who wants the table later would queue behind it.
const lockWait = 10 * time.Second

// ErrLocked is returned when somebody kept a table from being read for longer than a dump waits.
var ErrLocked = errors.New("a table is locked: somebody changes it, or a migration runs; try again later")

// Options say what to dump, and where to.
type Options struct {
	URL    string // the database, in any form that the driver knows
	Path   string // the file, which must not exist; its directory must
	BinDir string // where pg_dump is; empty: wherever it is installed

	Program, Reason string           // for the manifest
	Now             func() time.Time // nil: time.Now

	// Progress, when set, is called about once a second, by another goroutine, with the bytes that the file has by then.
	Progress func(bytes int64)
}

// Write dumps a database into a file that only its owner may read, and counts its rows in the same snapshot. The manifest is returned,
// not written. When it fails, or ctx ends, nothing is left of the file. Errors: *local.MissingError when there is no pg_dump that is
// new enough, fs.ErrExist, ErrLocked after 10 s, those of the server. It takes no lock that readers and writers wait for.
func Write(ctx context.Context, o Options) (Manifest, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	began := o.Now()
	w, err := parseWay(o.URL)
	if err != nil {
		return Manifest{}, err
	}
	if o.Path, err = filepath.Abs(o.Path); err != nil { // pg_dump runs elsewhere
		return Manifest{}, err
	}
	conn, err := w.connect(ctx, applicationDump)
	if err != nil {
		return Manifest{}, err
	}
	defer closeConn(ctx, conn)
	tools, err := findClients(ctx, o.BinDir, serverMajor(conn))
	if err != nil {
		return Manifest{}, err
	}
	m := Manifest{
		Format: 1, File: filepath.Base(o.Path), CreatedAt: began.UTC().Truncate(time.Millisecond), Reason: o.Reason, Program: o.Program,
	}
	err = writeFile(o.Path, false, func(f *os.File) error {
		counts, err := snapshot(ctx, conn, tools, w, f, o.Progress)
		if err != nil {
			return err
		}
		m.Server, m.Database, m.DatabaseBytes = counts.Server, counts.Database, counts.DatabaseBytes
		m.Schema, m.Tables, m.Unsent, m.Unread = counts.Schema, counts.Tables, counts.Unsent, counts.Unread
		m.SHA256, m.Bytes, err = digest(ctx, f) // the file is in the page cache still
		return err
	})
	if err != nil {
		return Manifest{}, fmt.Errorf("dump: %w", err)
	}
	m.Seconds = o.Now().Sub(began).Seconds()
	return m, nil
}

// snapshot lets pg_dump write what one snapshot of the database shows, and counts that meanwhile.
func snapshot(ctx context.Context, conn *pgx.Conn, tools clients, w way, f *os.File, progress func(int64)) (Counts, error) {
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return Counts{}, fmt.Errorf("begin: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // it has only read
	wait := strconv.FormatInt(lockWait.Milliseconds(), 10)
	if _, err := tx.Exec(ctx, "SET LOCAL lock_timeout = "+wait); err != nil {
		return Counts{}, fmt.Errorf("set lock_timeout: %w", err)
	}
	var id string
	if err := tx.QueryRow(ctx, `SELECT pg_export_snapshot()`).Scan(&id); err != nil {
		return Counts{}, fmt.Errorf("export the snapshot: %w", err)
	}
	p := program{
		path: filepath.Join(tools.dir, "pg_dump"), environ: w.environ(applicationDump),
		// It opens the file itself, which is there already and ours alone: into a file it writes where each table begins, without which
		// a parallel restore would have to search for them. Into one that is its standard output pg_dump 18 also writes 40 kB too much.
		// The first level of compression takes a fifth of the processor that the usual one takes, for files that are a fifth larger:
		// people are served meanwhile.
		args: []string{
			"--format=custom", "--compress=1", "--file=" + f.Name(), "--no-password", "--snapshot=" + id, "--lock-wait-timeout=" + wait,
			"--no-publications", "--no-subscriptions",
		},
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan error, 1)
	go func() {
		err := p.run(ctx)
		if err != nil {
			cancel(err)
		}
		done <- err
	}()
	if progress != nil {
		go watch(ctx, f, progress)
	}
	counts, err := count(ctx, tx)
	if err != nil {
		cancel(err)
	}
	err = <-done
	if first := context.Cause(ctx); first != nil { // each ends the other
		err = first
	}
	if err != nil && (code(err) == "55P03" || strings.Contains(err.Error(), "due to statement timeout")) { // pg_dump's own way to limit the wait
		err = fmt.Errorf("%w (%w)", ErrLocked, err)
	}
	return counts, err
}

// watch tells how long the file is until ctx ends.
func watch(ctx context.Context, f *os.File, progress func(int64)) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if info, err := f.Stat(); err == nil {
				progress(info.Size())
			}
		}
	}
}

func serverMajor(conn *pgx.Conn) int { return major(conn.PgConn().ParameterStatus("server_version")) }

// major is the leading number of a version such as "15.18 (Debian)" or "19beta1", 0 when there is none.
func major(version string) int {
	end := strings.IndexFunc(version, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(version)
	}
	n, _ := strconv.Atoi(version[:end])
	return n
}
