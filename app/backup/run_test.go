package backup_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"healthagent/app/backup"
	"healthagent/app/fault"
	"healthagent/store/dump"
	"healthagent/test/rig"
)

// The variables by which this test binary is made a process that dumps and can be killed.
const (
	childURL = "HEALTHAGENT_TEST_BACKUP_URL"
	childDir = "HEALTHAGENT_TEST_BACKUP_DIR"
	// childOpens makes it one that only opens a directory.
	childOpens = "HEALTHAGENT_TEST_BACKUP_OPENS"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childOpens); dir != "" {
		_, err := backup.Open(dir, time.Now(), nil)
		fmt.Println(err)
		os.Exit(1)
	}
	if os.Getenv(childURL) != "" {
		_, err := backup.Run(context.Background(), options(os.Getenv(childURL), os.Getenv(childDir)))
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(rig.Main(m))
}

func options(url, dir string) backup.Options {
	return backup.Options{Dir: dir, URL: url, Version: "v1.2.3", Reason: backup.Scheduled, Now: time.Now}
}

// at runs a backup at that time.
func at(t *testing.T, now time.Time, o backup.Options) (backup.Result, error) {
	t.Helper()
	o.Now = func() time.Time { return now }
	return backup.Run(t.Context(), o)
}

func TestRunThatIsScheduled(t *testing.T) {
	t.Parallel()
	o := options(rig.Postgres(t), filepath.Join(t.TempDir(), "dumps"))
	o.Trial = true
	tried := 0
	for n := range 9 {
		now := noon.Add(time.Duration(n) * day)
		result, err := at(t, now, o)
		if err != nil {
			t.Fatal(err)
		}
		if due := n == 0 || n == 6; (result.Tried != nil) != due || due && !result.Tried.OK {
			t.Errorf("day %d: tried %+v", n, result.Tried)
		}
		if result.Tried != nil {
			tried++
		}
		s, err := backup.Look(o.Dir)
		if err != nil || s.Newest == nil || s.Newest.CreatedAt != now || s.Verified == nil || s.Failed != nil || len(s.Strays) != 0 {
			t.Errorf("day %d: %+v, %v", n, s, err)
		}
	}
	s, err := backup.Look(o.Dir)
	if err != nil || s.Dumps != 7 || tried != 2 { // the last 7 days, with the newest of both weeks among them
		t.Errorf("%d dumps, %d tried, %v", s.Dumps, tried, err)
	}
}

func TestRunAgainAfterATrialThatWentBadly(t *testing.T) {
	t.Parallel()
	o := options(rig.Postgres(t), t.TempDir())
	o.Trial = true
	put(t, o.Dir, noon.Add(-2*day), verified(noon.Add(-2*day), true))
	put(t, o.Dir, noon.Add(-day), verified(noon.Add(-day), false))
	result, err := at(t, noon, o)
	if err != nil || result.Tried == nil || !result.Tried.OK {
		t.Errorf("%+v, %v", result.Tried, err)
	}
	if s, err := backup.Look(o.Dir); err != nil || s.Failed != nil {
		t.Errorf("%+v, %v", s.Failed, err)
	}
}

// TestRunAfterATrialOfATimeToCome: a clock that was wrong once does not end the trials.
func TestRunAfterATrialOfATimeToCome(t *testing.T) {
	t.Parallel()
	o := options(rig.Postgres(t), t.TempDir())
	o.Trial = true
	put(t, o.Dir, noon.Add(900*day), verified(noon.Add(900*day), true))
	if result, err := at(t, noon, o); err != nil || result.Tried == nil || !result.Tried.OK {
		t.Errorf("%+v, %v", result.Tried, err)
	}
}

func TestTwoInOneSecond(t *testing.T) {
	t.Parallel()
	o := options(rig.Postgres(t), t.TempDir())
	var files []string
	for range 2 {
		result, err := at(t, noon, o)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, filepath.Base(result.File))
	}
	if want := []string{"healthagent-20261125T120000Z.dump", "healthagent-20261125T120000Z-2.dump"}; !slices.Equal(files, want) {
		t.Errorf("%q", files)
	}
}

// TestManyAtOnce lets one at a time in, and every one that is let in makes a dump.
func TestManyAtOnce(t *testing.T) {
	t.Parallel()
	o := options(rig.Postgres(t), t.TempDir())
	var wg sync.WaitGroup
	errs := make([]error, 6)
	for i := range errs {
		wg.Go(func() { _, errs[i] = backup.Run(t.Context(), o) })
	}
	wg.Wait()
	made := 0
	for _, err := range errs {
		switch {
		case err == nil:
			made++
		case fault.KindOf(err) != fault.Conflict:
			t.Error(err)
		}
	}
	s, err := backup.Look(o.Dir)
	if err != nil || made == 0 || s.Dumps != made || len(s.Strays) != 0 {
		t.Errorf("%d made, %+v, %v", made, s, err)
	}
}

func TestHookOfEveryReason(t *testing.T) {
	t.Parallel()
	for reason, fails := range map[string]bool{backup.Manual: true, backup.Scheduled: true, backup.Upgrade: false, backup.Purge: false} {
		o := options(rig.Postgres(t), t.TempDir())
		o.Reason, o.Hook = reason, backup.Hook{Command: "echo no way; exit 4"}
		told := ""
		o.Tell = func(text string) { told += text + "\n" }
		result, err := backup.Run(t.Context(), o)
		if errors.Is(err, backup.ErrHook) != fails || (err != nil) != fails || !strings.Contains(fmt.Sprint(err, told), "no way") {
			t.Errorf("%s: %v, told %s", reason, err, told)
		}
		if s, err := backup.Look(o.Dir); err != nil || s.Newest == nil || s.Newest.Copied == nil || s.Newest.Copied.OK || result.File == "" {
			t.Errorf("%s: %+v, %v", reason, s, err)
		}
	}
}

// TestKilledInTheMiddle kills a backup that waits for a table, while the dump is being written.
func TestKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	url, dir := rig.Postgres(t), t.TempDir()
	before := put(t, dir, noon, nil)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "LOCK TABLE users IN ACCESS EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childURL+"="+url, childDir+"="+dir)
	out, err := child.StdoutPipe()
	if err == nil {
		err = child.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(out).ReadString('\n')
		ended <- line
	}()
	unfinished := func() int {
		return len(slices.DeleteFunc(names(t, dir), func(name string) bool { return !strings.HasPrefix(name, ".work-") }))
	}
	for tick := time.NewTicker(2 * time.Millisecond); unfinished() == 0; <-tick.C {
		select {
		case line := <-ended:
			t.Fatal(line)
		default:
		}
	}
	if _, err := backup.Run(t.Context(), options(url, dir)); fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), fmt.Sprintf("process %d, which dumps the database since", child.Process.Pid)) {
		t.Errorf("meanwhile: %v", err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait()
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, err := backup.Look(dir)
	if err != nil || s.Newest.File != before || s.Dumps != 1 || unfinished() == 0 {
		t.Errorf("after the kill: %+v, %v", s, err)
	}
	if _, err := backup.Run(t.Context(), options(url, dir)); err != nil {
		t.Fatal(err)
	}
	s, err = backup.Look(dir)
	if err != nil || s.Newest.File == before || len(s.Strays) != 0 || unfinished() != 0 {
		t.Errorf("after the next: %+v, %v", s, err)
	}
}

func TestVerifyFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	for name, spoil := range map[string]func(path string, m *dump.Manifest) error{
		"a byte": func(path string, _ *dump.Manifest) error {
			f, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteAt([]byte("x"), 2000)
			return errors.Join(err, f.Close())
		},
		"the end": func(path string, _ *dump.Manifest) error { return os.Truncate(path, 3000) },
		"a row": func(path string, m *dump.Manifest) error {
			m.Tables[0].Rows++
			return m.Save(path)
		},
	} {
		o := options(url, t.TempDir())
		result, err := at(t, noon, o)
		if err != nil {
			t.Fatal(err)
		}
		if err := spoil(result.File, &result.Dump.Manifest); err != nil {
			t.Fatal(err)
		}
		d, _ := open(t, o.Dir)
		which, err := backup.At(result.File)
		if err != nil {
			t.Fatal(err)
		}
		tried, err := d.Verify(t.Context(), which, o)
		if !errors.Is(err, backup.ErrBad) || fault.Exit(err) != 1 || !strings.Contains(err.Error(), tried.Verified.Text) {
			t.Errorf("%s: %v", name, err)
		}
		s, err := backup.Look(o.Dir)
		if err != nil || s.Failed == nil || s.Failed.Verified.Text != tried.Verified.Text || s.Verified != nil {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
}

func TestNoRoom(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	dir := mount(t, t.TempDir(), "mode=0700,size=300k", 0)
	if dir == "" {
		t.Skip("only root can have a small disk")
	}
	o := options(url, dir)
	if _, err := backup.Run(t.Context(), o); fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), "and the next dump needs about") {
		t.Errorf("before the first dump: %v", err)
	}

	// the last one was small, and this one is not: the disk gets full
	old := put(t, dir, time.Now().Add(-time.Hour), nil)
	full(t, url)
	_, err := backup.Run(t.Context(), o)
	if fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), "No space left on device") ||
		!strings.HasPrefix(err.Error(), "the disk of "+dir+" got full: ") || !strings.Contains(err.Error(), "HEALTHAGENT_BACKUP_DIR") {
		t.Errorf("in the middle: %v", err)
	}
	s, err := backup.Look(dir)
	if err != nil || s.Newest.File != old || len(s.Strays) != 0 {
		t.Errorf("in the middle: %+v, %v", s, err)
	}

	// what is needless goes when there is no room, and what else would help is told
	big := strings.Repeat("x", 80<<10)
	large := func(at time.Time) string {
		name := put(t, dir, at, func(m *dump.Manifest) { m.Bytes = int64(len(big)) })
		write(t, filepath.Join(dir, name), big)
		return name
	}
	needless, needed := large(noon.Add(-100*day)), large(noon.Add(-time.Hour))
	for n := range 7 {
		put(t, dir, noon.Add(-time.Duration(n+2)*day), nil)
	}
	put(t, dir, noon.Add(-20*day), nil)
	put(t, dir, noon.Add(-27*day), nil)
	if err := os.Remove(filepath.Join(dir, old)); err != nil {
		t.Fatal(err)
	}
	result, err := at(t, noon, o)
	if fault.KindOf(err) != fault.Conflict || !slices.Contains(result.Removed, needless) || !strings.Contains(err.Error(), "frees ") {
		t.Errorf("removed %q, %v", result.Removed, err)
	}
	if slices.Contains(result.Removed, needed) {
		t.Error("one that is needed is removed")
	}
}

// full gives a database more than a small disk takes.
func full(t *testing.T, url string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(t.Context(), `CREATE TABLE noise AS SELECT sha256(i::text::bytea) AS x FROM generate_series(1, 20000) AS i`); err != nil {
		t.Fatal(err)
	}
}

// TestRootLeavesTheFilesToTheOwnerOfTheDirectory is for root with a database of its own naming, who stays root.
func TestRootLeavesTheFilesToTheOwnerOfTheDirectory(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can give files away")
	}
	const uid, gid = 54321, 54322
	o := options(rig.Postgres(t), t.TempDir())
	o.Trial, o.Hook = true, backup.Hook{Command: ":"}
	if err := os.Chown(o.Dir, uid, gid); err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	all := names(t, o.Dir)
	if len(all) != 4 {
		t.Errorf("%q", all)
	}
	for _, name := range all {
		info, err := os.Stat(filepath.Join(o.Dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if owner, ok := info.Sys().(*syscall.Stat_t); !ok || owner.Uid != uid || owner.Gid != gid || info.Mode() != 0o600 {
			t.Errorf("%s belongs to %d:%d, %v", name, owner.Uid, owner.Gid, info.Mode())
		}
	}
}
