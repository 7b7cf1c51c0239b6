package botapi_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"testing"

	"healthagent/app/rehearsal/botapi"
)

func TestSubscribeLosesNothing(t *testing.T) {
	t.Parallel()
	r := newRig(t, func(c *botapi.Config) { c.KeepEvents = 10 })
	ctx, cancel := context.WithCancel(t.Context())
	events := r.srv.Subscribe(ctx)
	var people sync.WaitGroup
	for p := range 8 {
		people.Go(func() {
			for i := range 500 {
				r.srv.Say(int64(p+1), strconv.Itoa(i))
			}
		})
	}
	people.Wait() // the listener has been asleep all the time
	next := map[int64]int{}
	for seq := int64(1); seq <= 4000; seq++ {
		e := <-events
		if e.Seq != seq || e.Kind != botapi.Said || !e.Inbound() || e.Text != strconv.Itoa(next[e.UserID]) {
			t.Fatalf("event %d is %+v", seq, e)
		}
		next[e.UserID]++
	}
	cancel()
	for range events { // ends
	}
}

func TestWaitEnds(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	never := func(*botapi.Transcript) bool { cancel(); return false }
	if err := r.srv.Wait(ctx, never); !errors.Is(err, context.Canceled) {
		t.Errorf("wait: %v", err)
	}
	events := r.srv.Subscribe(t.Context())
	r.srv.Close()
	for range events { // ends
	}
	if err := r.srv.Wait(t.Context(), func(*botapi.Transcript) bool { return false }); err == nil {
		t.Error("waited on a closed server")
	}
}

func TestWaitSeesConfirmation(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.srv.Say(7, "hello")
	asked := make(chan struct{}, 16)
	done := make(chan error)
	go func() {
		done <- r.srv.Wait(t.Context(), func(tr *botapi.Transcript) bool {
			asked <- struct{}{}
			return tr.Stats().Unconfirmed == 0
		})
	}()
	<-asked
	r.updates(`{"offset":101}`)
	if err := <-done; err != nil {
		t.Error(err)
	}
}
