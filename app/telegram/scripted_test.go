package telegram

import (
	"context"
	"errors"
	"html"
	"slices"
	"sync"

	"healthagent/app/coach"
	"healthagent/store"
)

// scripted plays the coach: it echoes, in one transaction with the end of the update.
type scripted struct {
	store  *store.Store
	svc    *Service
	change *change
	before func(ctx context.Context, in coach.Incoming) error // nil: nothing
	outs   func(in coach.Incoming) []coach.Out                // nil: the echo

	mu      sync.Mutex
	order   map[int64][]string
	gaveUp  []coach.Incoming
	running int
	most    int
}

var _ handler = (*scripted)(nil)

func newScripted(s *store.Store, svc *Service, c *change) *scripted {
	return &scripted{store: s, svc: svc, change: c, order: map[int64][]string{}}
}

func (c *scripted) Handle(ctx context.Context, in coach.Incoming) error {
	c.enter()
	defer c.leave()
	if c.before != nil {
		if err := c.before(ctx, in); err != nil {
			return err
		}
	}
	outs := []coach.Out{{Kind: coach.Say, Class: store.Reply, HTML: "echo " + html.EscapeString(in.Text)}}
	if in.Kind == coach.Tapped {
		outs = []coach.Out{{Kind: coach.Answer, Class: store.CallbackAnswer, Note: "tapped"}}
	}
	if c.outs != nil {
		outs = c.outs(in)
	}
	calls, err := c.svc.Render(in, outs)
	if err != nil {
		return err
	}
	err = c.store.Do(ctx, func(_ context.Context, tx *store.Tx) error {
		tx.Finish(in.Update, false)
		tx.Send(calls...)
		tx.AfterCommit(func(context.Context) { c.svc.Wake() })
		return nil
	})
	if err == nil {
		c.mu.Lock()
		c.order[in.ChatID] = append(c.order[in.ChatID], in.Text)
		c.mu.Unlock()
	}
	return err
}

func (c *scripted) enter() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running++
	c.most = max(c.most, c.running)
}

func (c *scripted) leave() {
	c.mu.Lock()
	c.running--
	c.mu.Unlock()
	c.change.happened()
}

func (c *scripted) GiveUp(ctx context.Context, in coach.Incoming, reason string) error {
	calls, err := c.svc.Render(in, []coach.Out{{Kind: coach.Say, Class: store.Reply, HTML: "sorry"}})
	if err != nil {
		return err
	}
	err = c.store.Do(ctx, func(_ context.Context, tx *store.Tx) error {
		tx.Bury(in.Update, reason)
		tx.Send(calls...)
		tx.AfterCommit(func(context.Context) { c.svc.Wake() })
		return nil
	})
	c.mu.Lock()
	c.gaveUp = append(c.gaveUp, in)
	c.mu.Unlock()
	c.change.happened()
	return err
}

func (c *scripted) handled(chat int64) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.order[chat])
}

var errOurs = errors.New("a failure of the test's")
