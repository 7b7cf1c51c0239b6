package store_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"healthagent/store"
)

// profiled opens a store whose clock stands still until it is told otherwise, and for which 50 ms are slow.
func profiled(t *testing.T) (*world, *clock) {
	t.Helper()
	c := &clock{now: time.Unix(1e9, 0).UTC()}
	return newWorld(t, func(cfg *store.Config) { cfg.Now = c.Now }), c
}

// of is a statement's profile; the zero value when it never ran.
func of(s *store.Store, name string) store.QueryProfile {
	for _, q := range s.QueryProfile() {
		if q.Name == name {
			return q
		}
	}
	return store.QueryProfile{}
}

func TestQueryProfile(t *testing.T) {
	t.Parallel()
	w, c := profiled(t)
	w.member(1)
	c.step = 10 * time.Millisecond // between a statement's begin and its end
	ctx := t.Context()
	w.do(func(_ context.Context, tx *store.Tx) error {
		tx.AddMessage(1, store.Message{Role: store.FromUser, Content: "a", Type: "text"}, store.Message{Role: store.FromUser, Content: "b", Type: "text"})
		return nil
	})
	for range 3 {
		_, err := w.History(ctx, 1, store.Cursor{}, 20)
		must(t, err)
	}
	err := w.Do(ctx, func(_ context.Context, tx *store.Tx) error {
		tx.AddMessage(99, store.Message{Role: store.FromUser, Type: "text"})
		return nil
	})
	equal(t, "a stranger's message is refused", err != nil, true)
	page, insert, begin := of(w.Store, "get_conversation_page"), of(w.Store, "insert_message"), of(w.Store, "begin")
	equal(t, "pages", words(page.Calls, page.Errors, page.Rows, page.Slow, page.TotalMS, page.MS.Mean, page.MS.Max), "3 0 6 0 30 10 10")
	// in a batch each result's time is that since the one before
	equal(t, "messages", words(insert.Calls, insert.Errors, insert.Rows, insert.MS.Mean), "2 1 2 10")
	equal(t, "begin", words(begin.Calls, begin.Errors, begin.Rows), "2 0 0")
	total := store.QueryStats{}
	for _, q := range w.QueryProfile() {
		total.Statements, total.Errors = total.Statements+q.Calls, total.Errors+q.Errors
	}
	equal(t, "all together", w.QueryStats(), total)
}

func TestPercentilesOfAQuery(t *testing.T) {
	t.Parallel()
	w, _ := profiled(t)
	for i := range 1000 {
		w.Observe("SELECT /* a */", time.Duration(i+1)*time.Millisecond, 1, nil)
	}
	w.Observe("SELECT /* b */", time.Hour, 0, nil)
	w.Observe("SELECT /* c */", -time.Second, 0, nil) // somebody set the clock back
	list := w.QueryProfile()
	equal(t, "by total time", words(list[0].Name, list[1].Name, list[2].Name), "b a c")
	a, b, c := list[1].MS, list[0].MS, list[2].MS
	for want, got := range map[float64]float64{500: a.P50, 950: a.P95, 990: a.P99} {
		if got < want*0.99 || got > want*1.01 {
			t.Errorf("got %v, want %v within a hundredth", got, want)
		}
	}
	equal(t, "of a", words(a.Mean, a.Max, list[1].Slow), "500.5 1000 951")
	equal(t, "an hour is counted as it is", words(b.Mean, b.Max), "3.6e+06 3.6e+06")
	equal(t, "never less than nothing", words(c.Mean, c.Max), "0 0")
}

func TestProfilesAreBounded(t *testing.T) {
	t.Parallel()
	w, _ := profiled(t)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 400 {
				w.Observe(fmt.Sprintf("SELECT /* q%d */ 1", (i+100*g)%400), 60*time.Millisecond, 2, errors.New("no"))
			}
		})
	}
	wg.Wait()
	list := w.QueryProfile()
	equal(t, "names", len(list), 256)
	equal(t, "the most is others", list[0].Name, "other")
	var calls, rows, slow int64
	for _, q := range list {
		calls, rows, slow = calls+q.Calls, rows+q.Rows, slow+q.Slow
		equal(t, "all of them failed", q.Errors, q.Calls)
	}
	equal(t, "calls, rows, slow", words(calls, rows, slow), "1600 3200 1600")
	equal(t, "calls of others", list[0].Calls, int64(4*(400-255)))
	equal(t, "samples", len(w.QueryReport().SlowSamples), 32)
}

func TestSlowSamples(t *testing.T) {
	t.Parallel()
	w, c := profiled(t)
	equal(t, "none yet", len(w.QueryReport().SlowSamples), 0)
	for i := range 40 {
		c.now = c.now.Add(time.Second)
		w.Observe("SELECT /* a */ 'private'", time.Duration(30+i)*time.Millisecond, i, nil)
	}
	list := w.QueryReport().SlowSamples
	equal(t, "the slow ones only", len(list), 20)
	equal(t, "the newest first", list[0], store.SlowSample{Name: "a", At: c.now, MS: 69, Rows: 39})
	equal(t, "the oldest last", list[19].MS, 50)
}

// The keys that others read.
func TestQueryReportInJSON(t *testing.T) {
	t.Parallel()
	w, _ := profiled(t)
	raw, err := json.Marshal(w.QueryReport())
	must(t, err)
	equal(t, "nothing yet", string(raw), `{"queries":[],"slow_samples":[]}`)
	w.Observe("SELECT /* a */", 64*time.Millisecond, 3, nil)
	raw, err = json.Marshal(w.QueryReport())
	must(t, err)
	equal(t, "one", string(raw), `{"queries":[{"name":"a","calls":1,"errors":0,"rows":3,"slow":1,"total_ms":64,`+
		`"ms":{"mean":64,"p50":64,"p95":64,"p99":64,"max":64},"index":"","node":""}],`+
		`"slow_samples":[{"name":"a","at":"2001-09-09T01:46:40Z","ms":64,"rows":3}]}`)
}
