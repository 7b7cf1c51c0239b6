package sampler

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"healthagent/store"
	"healthagent/store/inspect"
	"healthagent/tui/source"
)

// life is a sampler that is not running.
func life(t *testing.T, dir string, now *time.Time, log *bytes.Buffer) *Sampler {
	t.Helper()
	s := New(Config{Version: "1", Host: "h", Dir: dir, Now: func() time.Time { return *now }, Logger: slog.New(slog.NewTextHandler(log, nil))})
	t.Cleanup(s.disk.close)
	return s
}

func TestWhatIsKnownOutlivesTheProcess(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), noon()
	var log bytes.Buffer
	s := life(t, dir, &now, &log)
	for range 3 {
		now = now.Add(time.Hour)
		s.book.add(now, store.Interval{Statements: map[string]store.StatementStep{"q": {Calls: 50, Times: times(50, 20*time.Millisecond)}}})
		s.usage.add(now, []inspect.IndexUse{{Schema: "public", Name: "i", OID: 7, Scans: int64(now.Unix())}})
	}
	s.book.readPlans(now, map[string]Reading{"q": {Node: "Index Scan", Index: "i", Indexes: []string{"i"}}}, []store.NamedQuery{{Name: "q", Index: "i"}})
	s.told.date(now, []source.Item{{Kind: "slow", Subject: "q"}})
	s.Note(source.Event{Kind: "act", Text: "done"})
	s.save()
	info, err := os.Stat(filepath.Join(dir, memoryName))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info, err)
	}

	seen := now
	now = now.Add(time.Minute)
	next := life(t, dir, &now, &log)
	if p := next.book.of("q").day.p95(now); p == nil || *p < 18 || *p > 22 {
		t.Errorf("the day's p95 is %v", p)
	}
	if plan := next.book.of("q").plan; plan.Index != "i" || plan.Expected != "i" {
		t.Errorf("the plan was %+v", plan)
	}
	if x := next.usage.by["public.i"]; x == nil || x.Last == nil || !x.Last.Equal(seen) {
		t.Errorf("the index was %+v", x)
	}
	if at := next.told.since["slow q"]; !at.Equal(seen) {
		t.Errorf("since %v", at)
	}
	next.told.date(now, nil) // nothing has been read yet
	if len(next.told.since) != 1 {
		t.Error("what was known before the start is forgotten before it could be seen again")
	}
	events := next.Snapshot().Log
	if n := len(events); n != 3 || events[1].Text != "done" || events[2].Seq != 3 {
		t.Errorf("the log is %+v", events)
	}
	if log.Len() > 0 {
		t.Errorf("it complains: %s", log.String())
	}
}

func times(n int, d time.Duration) (h store.Hist) {
	for range n {
		h = h.Add(store.HistOf(d))
	}
	return h
}

func TestDamagedMemoryIsSetAside(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func([]byte) []byte{
		"foreign":   func([]byte) []byte { return []byte("hello\n") },
		"empty":     func([]byte) []byte { return nil },
		"truncated": func(raw []byte) []byte { return raw[:len(raw)-5] },
		"flipped":   func(raw []byte) []byte { raw[len(raw)-9] ^= 1; return raw },
		"newer":     func(raw []byte) []byte { return bytes.Replace(raw, []byte(" 1 "), []byte(" 2 "), 1) },
		"other form": func([]byte) []byte {
			body := []byte(`{"days": 3}`)
			return append([]byte(memoryHead(body)+"\n"), body...)
		},
	} {
		dir, now := t.TempDir(), noon()
		var log bytes.Buffer
		life(t, dir, &now, &log).save()
		path := filepath.Join(dir, memoryName)
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, damage(raw), 0o600); err != nil {
			t.Fatal(err)
		}
		s := life(t, dir, &now, &log)
		if n := len(s.Snapshot().Log); n != 1 || !strings.Contains(log.String(), "set aside") {
			t.Errorf("%s: %d events, log %q", name, n, log.String())
		}
		if _, err := os.Stat(path + ".damaged"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAKillBetweenTwoWritesLeavesTheFirst: the new file is beside the old one until it is whole.
func TestAKillBetweenTwoWritesLeavesTheFirst(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), noon()
	var log bytes.Buffer
	s := life(t, dir, &now, &log)
	s.Note(source.Event{Text: "kept"})
	s.save()
	if err := os.WriteFile(filepath.Join(dir, memoryName+".new"), []byte("healthagent state 1 99"), 0o600); err != nil {
		t.Fatal(err)
	}
	if events := life(t, dir, &now, &log).Snapshot().Log; len(events) != 3 || events[1].Text != "kept" || log.Len() > 0 {
		t.Errorf("%+v, log %s", events, log.String())
	}
}

func TestWhenItIsKept(t *testing.T) {
	t.Parallel()
	seq := int64(0)
	k := keeper{at: noon(), news: func() int64 { return seq }}
	for _, tt := range []struct {
		after time.Duration
		news  bool
		due   bool
	}{
		{10 * time.Second, true, false},
		{16 * time.Second, false, false},
		{16 * time.Second, true, true},
		{5 * time.Minute, false, true},
		{-time.Second, false, true},
	} {
		seq = 0
		if tt.news {
			seq = 1
		}
		if due := k.due(noon().Add(tt.after)); due != tt.due {
			t.Errorf("%+v: %v", tt, due)
		}
	}
}

// TestAPipeDoesNotHoldUpTheStart: nobody writes into it.
func TestAPipeDoesNotHoldUpTheStart(t *testing.T) {
	t.Parallel()
	dir, now := t.TempDir(), noon()
	for _, name := range []string{memoryName, diskName} {
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var log bytes.Buffer
	life(t, dir, &now, &log).save()
	log.Reset()
	life(t, dir, &now, &log)
	if text := log.String(); strings.Contains(text, "last day") {
		t.Error(text)
	}
}
