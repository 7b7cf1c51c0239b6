package dump_test

import (
	"bufio"
	"io"
	"os"
	osexec "os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"healthagent/store/dump"
	"healthagent/test/rig"
)

// restorer is a process that restores.
type restorer struct {
	t     *testing.T
	cmd   *osexec.Cmd
	in    io.Writer
	lines *bufio.Scanner
}

func startRestorer(t *testing.T, url, path string) *restorer {
	t.Helper()
	r := &restorer{t: t, cmd: osexec.Command(os.Args[0])}
	r.cmd.Env = append(os.Environ(), childURL+"="+url, childPath+"="+path)
	in, err := r.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r.in, r.lines = in, bufio.NewScanner(out)
	t.Cleanup(func() { _ = r.cmd.Process.Kill() })
	return r
}

// until lets it go on to the step that begins like that; it waits there.
func (r *restorer) until(step string) {
	r.t.Helper()
	for r.lines.Scan() {
		switch text := r.lines.Text(); {
		case strings.HasPrefix(text, "error:"):
			r.t.Fatal(text)
		case strings.HasPrefix(text, step):
			return
		}
		r.proceed()
	}
	r.t.Fatalf("it ended before %q", step)
}

func (r *restorer) proceed() { _, _ = io.WriteString(r.in, "\n") }

// kill ends it without a chance to clean up, and returns when it is gone.
func (r *restorer) kill() {
	r.t.Helper()
	if err := r.cmd.Process.Kill(); err != nil {
		r.t.Fatal(err)
	}
	_ = r.cmd.Wait()
}

// await waits until the query says true.
func await(t *testing.T, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		yes := false
		if err := conn.QueryRow(t.Context(), sql, args...).Scan(&yes); err != nil {
			t.Fatal(err)
		}
		if yes {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", sql)
		}
	}
}

// A restore that is killed, at whatever step, leaves the old database or the new one, whole; the next one succeeds and clears away
// what the killed one has left.
func TestRestoreThatIsKilledLeavesAWholeDatabase(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	dropBeside(t, url)
	name := databaseOf(t, url)
	do(t, url, adversary()...)
	do(t, url, `INSERT INTO conversation_history (user_id, role, content) SELECT 1, 'user', repeat('x', 100) || i FROM generate_series(1, 60000) AS i`)
	path, m := write(t, url)
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	restored := everything(t, url)
	do(t, url, `DELETE FROM conversation_history`)
	old := everything(t, url)
	su := admin(t, url)

	kills := map[string]func(r *restorer){
		"before the new database": func(r *restorer) { r.until("making") },
		"with an empty database":  func(r *restorer) { r.until("loading") },
		"while it loads": func(r *restorer) {
			r.until("loading")
			r.proceed()
			await(t, su, `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE starts_with(datname, $1) AND query ~ '^COPY')`, name[:37]+"_new_")
		},
		"loaded":               func(r *restorer) { r.until("counting") },
		"before it is swapped": func(r *restorer) { r.until("putting") },
		"in the midst of the swap": func(r *restorer) {
			r.until("putting")
			tx, err := su.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tx.Exec(t.Context(), "COMMENT ON DATABASE "+pgx.Identifier{name}.Sanitize()+" IS 'held'"); err != nil {
				t.Fatal(err)
			}
			r.proceed()
			await(t, admin(t, url), `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND starts_with(query, $1))`,
				"ALTER DATABASE "+pgx.Identifier{name}.Sanitize()+" RENAME TO ")
			r.kill()
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
		},
	}
	for about, drive := range kills {
		r := startRestorer(t, url, path)
		drive(r)
		if r.cmd.ProcessState == nil {
			r.kill()
		}
		if now := everything(t, url); now != old {
			t.Errorf("%s: the old database is not what it was", about)
		}
	}
	// the last one
	r := startRestorer(t, url, path)
	r.until("done")
	if now := everything(t, url); now != restored {
		t.Error("what was restored is not what was dumped")
	}
	names := beside(t, su, name)
	if len(names) != 1 || !strings.Contains(names[0], "_before_") {
		t.Errorf("left: %v", names)
	}
	if _, spares, err := dump.Spares(t.Context(), url); err != nil || len(spares) != 1 {
		t.Error(spares, err)
	}
}

// What a killed restore has left takes room, for the want of which the next one would be refused: it can be dropped alone.
func TestSweepDropsWhatAKilledRestoreLeft(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	dropBeside(t, url)
	path, m := write(t, url)
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	r := startRestorer(t, url, path)
	r.until("loading")
	left := beside(t, admin(t, url), databaseOf(t, url))
	if dropped, err := dump.Sweep(t.Context(), url); err != nil || len(dropped) != 0 || len(left) != 1 {
		t.Errorf("of a live one: %v, %v of %v", dropped, err, left)
	}
	r.kill()
	// its sessions end when the server notices
	await(t, admin(t, url), `SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE datname = $1)`, left[0])
	// another process has the number now, and somebody has a database of a name like that
	name, su := databaseOf(t, url), admin(t, url)
	reused, foreign := dump.Named(name, "_new_p"+strconv.Itoa(os.Getpid())+"_2"), dump.Named(name, "_new_2025")
	for _, sql := range []string{
		"ALTER DATABASE " + pgx.Identifier{left[0]}.Sanitize() + " RENAME TO " + pgx.Identifier{reused}.Sanitize(),
		"CREATE DATABASE " + pgx.Identifier{foreign}.Sanitize(),
	} {
		if _, err := su.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if names, err := dump.Leftovers(t.Context(), url); err != nil || len(names) != 1 || names[0] != reused {
		t.Errorf("before: %v, %v", names, err)
	}
	if dropped, err := dump.Sweep(t.Context(), url); err != nil || len(dropped) != 1 || dropped[0] != reused {
		t.Errorf("of a dead one: %v, %v", dropped, err)
	}
	if _, err := su.Exec(t.Context(), "DROP DATABASE "+pgx.Identifier{foreign}.Sanitize()); err != nil {
		t.Errorf("the database of another: %v", err)
	}
	if names := beside(t, admin(t, url), databaseOf(t, url)); len(names) != 0 {
		t.Errorf("left: %v", names)
	}
}
