package reader_test

import (
	"context"
	"log/slog"
	"os"
	"slices"
	"testing"
	"time"

	"healthagent/app/rehearsal/reader"
	"healthagent/store"
	"healthagent/store/bench"
	"healthagent/test/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }

// asked is the statements that readers send, by their names in the store's own figures.
var asked = []string{ //nolint:gochecknoglobals // read only
	"get_conversation_history", "get_conversation_page", "get_food_totals", "get_food_entries", "get_food_favourites",
	"get_due_reminders", "get_active_user", "get_leaderboard",
}

// Every statement shows in the figures of the store that the readers were given, and none fails.
func TestReadersAskAllThatTheIndexesAreFor(t *testing.T) {
	t.Parallel()
	s, done := read(t, 4)
	defer done()
	look, over := time.NewTicker(5*time.Millisecond), time.After(2*time.Minute)
	defer look.Stop()
	for !all(s) {
		select {
		case <-over:
			t.Fatal("the readers have not asked everything")
		case <-look.C:
		}
	}
	indexed := map[string]bool{}
	for _, q := range store.NamedQueries() {
		indexed[q.Name] = true
	}
	for _, q := range s.QueryProfile() {
		if q.Errors > 0 {
			t.Errorf("%s failed %d times", q.Name, q.Errors)
		}
		if slices.Contains(asked, q.Name) && !indexed[q.Name] {
			t.Errorf("%s is not what an index is for", q.Name)
		}
		if q.Name == "get_conversation_history" && q.Rows != q.Calls*store.WindowSize {
			t.Errorf("%d windows of %d rows", q.Calls, q.Rows)
		}
	}
}

// all is true when each has been asked.
func all(s *store.Store) bool {
	profile := s.QueryProfile()
	return !slices.ContainsFunc(asked, func(name string) bool {
		return !slices.ContainsFunc(profile, func(q store.QueryProfile) bool { return q.Name == name && q.Calls > 0 })
	})
}

// read starts readers on the past of one person; done ends them and waits for their end.
func read(t *testing.T, readers int) (s *store.Store, done func()) {
	t.Helper()
	url := rig.Postgres(t)
	past := bench.Past{People: []bench.Someone{{ID: 11, Name: "Maja"}}, Messages: 60, Level: func(int64) int { return 1 }}
	if err := past.Write(t.Context(), url, func(string, int64, int64) {}); err != nil {
		t.Fatal(err)
	}
	s, err := store.Open(t.Context(), store.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	err = s.Do(t.Context(), func(_ context.Context, tx *store.Tx) error {
		tx.Activate(11, "Maja", nil)
		tx.SetTimezone(11, "Europe/Berlin", time.Now())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		reader.Run(ctx, reader.Config{Readers: readers, Store: s, Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
		close(ended)
	}()
	return s, func() {
		cancel()
		<-ended
	}
}

func TestLabel(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{1: "DEMO, with 1 uncached reader", 4: "DEMO, with 4 uncached readers"} {
		if got := reader.Label(n); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
