package cli_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"healthagent/app/admin"
	"healthagent/store"
)

var errFull = errors.New("no space left")

// daemon answers on a socket with these metrics until the test ends.
func daemon(t *testing.T, metrics any) (socket string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "s")
	listener, err := admin.Listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	show := func(context.Context) any { return metrics }
	source := admin.Source{Metrics: show, Snapshot: show, Ready: func(context.Context) admin.Readiness { return admin.Readiness{} }}
	go func() { done <- admin.Serve(ctx, listener, admin.Handler(source, slog.New(slog.DiscardHandler))) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return "HEALTHAGENT_ADMIN_SOCKET=" + socket
}

func TestStatsOfARunningDaemon(t *testing.T) {
	t.Parallel()
	pool := store.PoolStats{Size: 4, Available: 2, Active: 2, MinSize: 4, MaxSize: 13, Waiting: 1, Acquire: store.Acquire{Count: 77, Canceled: 3}}
	cache := store.CacheStats{
		Backend: "redis", State: "closed", GroupStats: store.GroupStats{Hits: 3, Misses: 1, HitRate: 0.75},
		Groups: map[string]store.GroupStats{"history": {Hits: 3, Misses: 1, HitRate: 0.75}},
	}
	socket := daemon(t, map[string]any{"database": map[string]any{"pool": pool}, "cache": cache})

	table, _ := output(t, 0, []string{socket}, "stats", "pool")
	if !strings.HasPrefix(table, "DB Pool: 2/4 active (2 available, max=13)\n") || !strings.Contains(table, "77 so far") || !strings.Contains(table, "3 gave up") {
		t.Errorf("pool:\n%s", table)
	}
	document, _ := output(t, 0, []string{socket}, "stats", "pool", "-o", "json")
	var back store.PoolStats
	if err := json.Unmarshal([]byte(document), &back); err != nil || back != pool {
		t.Errorf("pool as JSON: %v\n%s", err, document)
	}
	table, _ = output(t, 0, []string{socket}, "stats", "cache")
	if !strings.Contains(table, "backend redis, breaker closed") || !strings.Contains(table, "75.0 %") {
		t.Errorf("cache:\n%s", table)
	}
	document, _ = output(t, 0, []string{socket}, "stats", "cache", "-o", "json")
	for _, key := range []string{`"backend"`, `"hit_rate"`, `"groups"`, `"history"`} {
		if !strings.Contains(document, key) {
			t.Errorf("cache as JSON has no %s:\n%s", key, document)
		}
	}
}

func TestStatsOfADaemonThatIsStarting(t *testing.T) {
	t.Parallel()
	socket := daemon(t, map[string]any{"database": map[string]any{"pool": nil}, "cache": nil})
	for _, part := range []string{"pool", "cache"} {
		if stdout, stderr := output(t, 69, []string{socket}, "stats", part, "-o", "json"); stdout != "" || !strings.Contains(stderr, "no figures") {
			t.Errorf("%s: %q %q", part, stdout, stderr)
		}
	}
}

func TestStatsOfSomethingElse(t *testing.T) {
	t.Parallel()
	socket := daemon(t, "not an object")
	output(t, 69, []string{socket}, "stats", "pool")
	// a socket file whose daemon is dead
	_, stderr := output(t, 69, []string{"HEALTHAGENT_ADMIN_SOCKET=" + filepath.Join(t.TempDir(), "gone")}, "stats", "cache")
	if !strings.Contains(stderr, "the daemon is not running") {
		t.Error(stderr)
	}
}
