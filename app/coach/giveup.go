package coach

import (
	"context"
	"errors"

	"healthagent/store"
)

// GiveUp ends an update that failed again and again: it is buried with the reason, and the person hears that it was not done.
func (c *Coach) GiveUp(ctx context.Context, in Incoming, reason string) error {
	err := c.Store.Do(ctx, func(ctx context.Context, tx *store.Tx) error {
		tx.Bury(in.Update, reason)
		if in.Kind == Blocked || in.Kind == Returned || in.Kind == Lost || !in.Private {
			return nil
		}
		outs := []Out{{Kind: Say, Class: store.Reply, HTML: "Sorry, that went wrong and <b>nothing of it was saved</b>. " +
			"Please try once more in other words; the administrator can see what happened."}}
		if in.Kind == Tapped {
			outs = append(outs, Out{Kind: Answer, Class: store.CallbackAnswer})
		}
		calls, err := c.Render(in, outs)
		if err != nil {
			return err
		}
		tx.Send(calls...)
		tx.AfterCommit(func(context.Context) { c.Committed() })
		return nil
	})
	if errors.Is(err, store.ErrAlreadyDone) {
		return nil
	}
	return err
}
