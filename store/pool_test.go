package store_test

import (
	"context"
	"encoding/json"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"healthagent/store"
)

func TestPoolSize(t *testing.T) {
	t.Parallel()
	for cores, want := range map[int][2]int{-1: {1, 7}, 0: {1, 7}, 1: {1, 7}, 2: {2, 9}, 4: {4, 13}, 8: {8, 21}, 16: {16, 37}} {
		low, high := store.PoolSize(cores)
		equal(t, words(cores, "cores"), [2]int{low, high}, want)
	}
	for _, c := range []struct{ low, high, wantLow, wantHigh int }{
		{0, 0, runtime.GOMAXPROCS(0), 2*runtime.GOMAXPROCS(0) + 5},
		{3, 6, 3, 6},
		{0, 1, 1, 1},
		{50, 4, 4, 4}, // never more than the most
		{1, 0, 1, 2*runtime.GOMAXPROCS(0) + 5},
	} {
		s, err := store.Open(t.Context(), store.Config{URL: "host=/nonexistent dbname=x pool_max_conns=99", PoolMin: c.low, PoolMax: c.high})
		must(t, err)
		p := s.PoolStats()
		s.Close()
		equal(t, words("given", c.low, c.high), words(p.MinSize, p.MaxSize), words(c.wantLow, c.wantHigh))
	}
}

func TestPoolLine(t *testing.T) {
	t.Parallel()
	equal(t, "line", store.PoolStats{Size: 4, Available: 2, Active: 2, MinSize: 2, MaxSize: 13, Waiting: 3}.String(),
		"DB Pool: 2/4 active (2 available, max=13)")
	raw, err := json.Marshal(store.PoolStats{})
	must(t, err)
	equal(t, "JSON", string(raw), `{"size":0,"available":0,"active":0,"constructing":0,"min_size":0,"max_size":0,"waiting":0,`+
		`"acquire":{"count":0,"empty":0,"canceled":0,"wait_ms":{"p50":0,"p95":0,"p99":0,"max":0}}}`)
}

// hold lends n connections until release is called.
func hold(t *testing.T, s *store.Store, n int) (release func()) {
	t.Helper()
	var held, done sync.WaitGroup
	end := make(chan struct{})
	held.Add(n)
	for range n {
		done.Go(func() {
			if err := s.Do(t.Context(), func(context.Context, *store.Tx) error { held.Done(); <-end; return nil }); err != nil {
				t.Error(err)
				held.Done()
			}
		})
	}
	held.Wait()
	return func() { close(end); done.Wait() }
}

func TestPoolStatsUnderLoad(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *store.Config) { c.PoolMin, c.PoolMax = 1, 3 })
	eventually(t, "the first connection is open", func() bool { return w.PoolStats().Available == 1 })
	p := w.PoolStats()
	equal(t, "at rest", words(p.Size, p.Active, p.Waiting, p.Acquire.WaitMS), words(1, 0, 0, store.Percentiles{}))

	release := hold(t, w.Store, 3)
	p = w.PoolStats()
	equal(t, "all lent", words(p.Size, p.Available, p.Active, p.Constructing, p.Waiting, p.MaxSize), "3 0 3 0 0 3")
	hurried, cancel := context.WithCancel(t.Context())
	var waiters sync.WaitGroup
	for range 4 {
		waiters.Go(func() { _ = w.Ping(hurried) })
	}
	for range 5 {
		waiters.Go(func() {
			if err := w.Ping(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	eventually(t, "nine wait", func() bool { return w.PoolStats().Waiting == 9 })
	cancel()
	eventually(t, "four gave up", func() bool { return w.PoolStats().Waiting == 5 })
	release()
	waiters.Wait()
	p = w.PoolStats()
	equal(t, "afterwards", words(p.Active, p.Waiting, p.Acquire.Canceled, p.Size <= 3), "0 0 4 true")
	if p.Acquire.Count < 8 || p.Acquire.Empty == 0 || p.Acquire.WaitMS.Max <= 0 || p.Acquire.WaitMS.P50 <= 0 || p.Acquire.WaitMS.P99 < p.Acquire.WaitMS.P50 {
		t.Errorf("acquire %+v", p.Acquire)
	}
}

func TestWatchPool(t *testing.T) {
	t.Parallel()
	var log logbook
	w := newWorld(t, func(c *store.Config) { c.PoolMin, c.PoolMax, c.Logger = 1, 2, log.logger() })
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	release := hold(t, w.Store, 2)
	waited := make(chan error, 1)
	go func() { waited <- w.Ping(t.Context()) }()
	eventually(t, "one waits", func() bool { return w.PoolStats().Waiting == 1 })
	go func() { defer close(ended); w.WatchPool(ctx, time.Hour) }()
	const line = `level=INFO msg="DB Pool: 2/2 active (0 available, max=2)" waiting=1`
	eventually(t, "the line when somebody waits", func() bool { return strings.Contains(log.String(), line) })
	release()
	must(t, receiveFrom(t, "the end of the wait", waited))
	eventually(t, "the line when nobody waits any more", func() bool { return strings.Contains(log.String(), "waiting=0") })
	equal(t, "lines", strings.Count(log.String(), "DB Pool"), 2) // and no others: the interval is not over
	cancel()
	receiveFrom(t, "the end of the watch", ended)
}

// The line comes every interval, in the bubble's own time.
func TestWatchPoolEveryInterval(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log logbook
		s, err := store.Open(t.Context(), store.Config{URL: "host=/nonexistent dbname=x", PoolMin: 1, PoolMax: 13, Logger: log.logger()})
		must(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute+time.Second/2)
		defer cancel()
		s.WatchPool(ctx, time.Minute)
		equal(t, "lines in ten minutes", strings.Count(log.String(), `level=INFO msg="DB Pool: `), 10) // what it says depends on the attempts to connect
		s.Close()
	})
}
