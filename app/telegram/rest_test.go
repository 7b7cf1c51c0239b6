package telegram

import (
	"context"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"healthagent/app/rehearsal/botapi"
	"healthagent/store"
	"healthagent/test/rig"
)

// The sender neither spins when there is nothing to do or nothing may be done, nor sleeps through something.
func TestSenderRests(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		rate  Rate
		arm   func(w *world)
		least time.Duration // the shortest time it wants to wait once it is at rest
	}{
		{"idle", Rate{}, func(*world) {}, sweepEach / 2},
		{"its chat's turn is far", Rate{PerChat: 0.0001}, func(w *world) { w.commit(w.calls(1, store.Reply, numbered(9)...)...) }, sweepEach / 2},
		{"everybody's turn is far", Rate{Overall: 0.0001}, func(w *world) { w.commit(w.calls(1, store.Reply, numbered(9)...)...) }, sweepEach / 2},
		{"limited", Rate{}, func(w *world) {
			w.tg.Fault(limitedOnce(1, 600))
			w.commit(w.calls(1, store.Reply, "x")...)
		}, sweepEach / 2},
		{"held", Rate{}, func(w *world) {
			w.tg.Fault(botapi.Fault{Methods: []string{"sendMessage"}, Status: 401})
			w.commit(w.calls(1, store.Reply, "x")...)
		}, retryFirst / 2},
		{"the database refuses", Rate{}, func(w *world) { w.exec(`ALTER TABLE outbox RENAME TO gone`) }, firstPause / 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.meet(1)
			w.svc.config.Rate = c.rate
			w.svc.callTime = patience
			c.arm(w)
			clock := newClock()
			w.svc.now = clock.Now
			snd := w.svc.newSender()
			rounds, atRest := 0, make(chan time.Duration, 1)
			w.svc.after = func(d time.Duration) <-chan time.Time {
				if rounds++; rounds > 200 {
					atRest <- -1
					return nil
				}
				switch {
				case len(snd.flying) > 0:
					return nil
				case d >= c.least:
					atRest <- d
					return nil
				}
				return clock.skip(d)
			}
			w.send(snd)
			if d := <-atRest; d < 0 {
				t.Errorf("it goes round and round")
			}
		})
	}
}

// What is committed without a word, by a process that died or by hand, is found by the sweep.
func TestSweepFindsWhatNobodyAnnounced(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.meet(1)
	clock := newClock()
	w.svc.now = clock.Now
	snd := w.svc.newSender()
	resting, goOn := make(chan struct{}), make(chan struct{})
	w.svc.after = func(d time.Duration) <-chan time.Time {
		if len(snd.flying) > 0 {
			return nil
		}
		select {
		case resting <- struct{}{}:
			<-goOn
		default:
		}
		return clock.skip(d)
	}
	w.send(snd)
	<-resting
	w.commit(w.calls(1, store.Reply, "unannounced")...)
	close(goOn)
	w.sent(1, 1)
}

// At the end of a run what was committed last is sent even when nobody announced it, reminders stay, and nothing is left unrecorded.
func TestStopFlushesWhatIsUrgent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.meet(1, 2)
	snd := w.svc.newSender()
	clock := newClock()
	w.svc.now = clock.Now // stands still: no sweep
	resting := make(chan struct{}, 100)
	w.svc.after = func(time.Duration) <-chan time.Time { resting <- struct{}{}; return nil }
	ctx, cancel := context.WithCancel(context.Background())
	rest, over := context.WithCancel(context.Background())
	t.Cleanup(over)
	done := make(chan struct{})
	go func() { defer close(done); snd.run(ctx, rest) }()
	<-resting
	w.commit(w.calls(2, store.ReminderNote, "later")...)
	w.commit(w.calls(1, store.Reply, numbered(20)...)...)
	w.svc.after = time.After
	cancel()
	<-done
	if n := len(w.tg.Sent(1)); n != 20 {
		t.Fatalf("%d of 20 replies sent", n)
	}
	if n := len(w.tg.Sent(2)); n != 0 {
		t.Errorf("the drain sends reminders")
	}
	if got := w.query(`SELECT count(*) FROM outbox WHERE state = 'sent'`); got != "20" {
		t.Errorf("%s recorded", got)
	}
}

// benchWorld is a service without limits between a simulated Telegram with 64 chats and a real PostgreSQL.
func benchWorld(b *testing.B) *world {
	b.Helper()
	w := &world{tg: botapi.New(botapi.Config{Token: token, KeepEvents: 1, KeepMessages: 1})}
	b.Cleanup(w.tg.Close)
	api, err := w.tg.Start("")
	if err != nil {
		b.Fatal(err)
	}
	w.store, err = store.Open(context.Background(), store.Config{URL: rig.Postgres(b)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(w.store.Close)
	w.svc, err = New(Config{Token: token, APIURL: api, Store: w.store, Now: time.Now, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	for chat := range int64(64) {
		w.tg.Say(chat+1, "hello")
	}
	return w
}

// BenchmarkOutbox measures messages per second through the outbox without limits: eight that commit, one sender.
func BenchmarkOutbox(b *testing.B) {
	w := benchWorld(b)
	const chats = 64
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	snd := w.svc.newSender()
	done := make(chan struct{})
	go func() { defer close(done); snd.run(ctx, ctx) }()
	b.ResetTimer()
	start := time.Now()
	var next atomic.Int64
	b.SetParallelism(4) // of two processors: eight
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			n := next.Add(1)
			err := w.store.Do(ctx, func(_ context.Context, tx *store.Tx) error {
				tx.Send(store.Outgoing{ChatID: 1 + n%chats, Class: store.Reply, Method: "sendMessage", Params: []byte(`{"text":"hello"}`)})
				tx.AfterCommit(func(context.Context) { w.svc.Wake() })
				return nil
			})
			if err != nil {
				b.Error(err)
				return
			}
		}
	})
	err := w.tg.Wait(b.Context(), func(tr *botapi.Transcript) bool { return tr.Stats().Sent >= b.N })
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "messages/s")
	cancel()
	<-done
}

// BenchmarkBacklog measures how fast a backlog of reminders is sent without limits.
func BenchmarkBacklog(b *testing.B) {
	w := benchWorld(b)
	err := w.store.Do(b.Context(), func(ctx context.Context, tx *store.Tx) error {
		for n := range b.N {
			tx.Send(store.Outgoing{ChatID: int64(1 + n%64), Class: store.ReminderNote, Method: "sendMessage", Params: []byte(`{"text":"hello"}`)})
			if n%1000 == 999 {
				if err := tx.Flush(ctx); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	snd := w.svc.newSender()
	done := make(chan struct{})
	b.ResetTimer()
	start := time.Now()
	go func() { defer close(done); snd.run(ctx, ctx) }()
	if err := w.tg.Wait(b.Context(), func(tr *botapi.Transcript) bool { return tr.Stats().Sent >= b.N }); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "messages/s")
	cancel()
	<-done
}
