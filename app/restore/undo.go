package restore

import (
	"context"
	"errors"
	"time"

	"healthagent/app/fault"
	"healthagent/store/dump"
)

// Return is what an undo would do.
type Return struct {
	Database string
	Back     dump.Spare // what takes the place again
	Refused  []string   // why it cannot be done now, in words; none: it can
}

// PrepareUndo looks at what was kept and at who uses it, and changes nothing. Errors: fault.NotFound when nothing was kept, those of the
// server. What only stands in the way at this moment is in the answer.
func PrepareUndo(ctx context.Context, o Options) (Return, error) {
	name, spares, err := dump.Spares(ctx, o.URL)
	if err != nil {
		return Return{}, err
	}
	if len(spares) == 0 {
		return Return{}, fault.Wrap(fault.NotFound, "there is nothing to undo", dump.ErrNoSpare)
	}
	r := Return{Database: name, Back: spares[0], Refused: []string{}}
	there, err := dump.Users(ctx, o.URL, name)
	if err != nil {
		return r, err
	}
	kept, err := dump.Users(ctx, o.URL, r.Back.Name)
	if err != nil {
		return r, err
	}
	r.Refused = append(r.Refused, inTheWay(ctx, o, name, there)...)
	r.Refused = append(r.Refused, inTheWay(ctx, Options{}, r.Back.Name, kept)...) // no daemon works there
	return r, nil
}

// Refusal is why it cannot be done now, nil when it can.
func (r Return) Refusal() error { return refusal(r.Refused) }

// Undo puts back the database that the last restore kept, and keeps the one that was restored. Errors: fault.NotFound when none was
// kept, fault.Conflict while anybody is connected.
func Undo(ctx context.Context, o Options) (back, kept string, err error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Daemon != nil && o.Daemon(ctx) {
		return "", "", fault.New(fault.Conflict, daemonRuns)
	}
	back, kept, err = dump.Undo(ctx, o.URL, o.Now())
	var busy *dump.BusyError
	switch {
	case errors.Is(err, dump.ErrNoSpare):
		return "", "", fault.Wrap(fault.NotFound, "there is nothing to undo", err)
	case errors.As(err, &busy):
		return "", "", fault.Wrap(fault.Conflict, "nothing was done", err)
	}
	return back, kept, err
}
