package e2e

import (
	"context"
	"errors"
	"testing"
	"time"
)

// patience turns a hang into a failure and measures nothing.
const patience = 2 * time.Minute

// limit is a context that ends when nothing that was waited for has come within patience. A machine that is busy with something else takes
// as long as it takes, as long as one step follows on the other.
type limit struct {
	context.Context
	timer *time.Timer
}

// limited returns the limit of a test, which ends with it.
func limited(t *testing.T) *limit {
	ctx, cancel := context.WithCancelCause(t.Context())
	l := &limit{ctx, time.AfterFunc(patience, func() { cancel(errors.New("nothing has come of it within " + patience.String())) })}
	t.Cleanup(func() {
		l.timer.Stop()
		cancel(nil)
	})
	return l
}

// came says that something has come: the next may take as long again. After the end it does nothing.
func (l *limit) came() { l.timer.Reset(patience) }
