package acts

import (
	"context"
	"errors"
	"strings"

	"healthagent/app/admin"
	"healthagent/app/fault"
	"healthagent/tui/source"
)

// Do implements admin.Acts.
func (r *Runner) Do(ctx context.Context, who admin.Asker, act source.Act, token, typed string) (string, error) {
	act = spelled(act)
	actor, from, _ := r.who(who)
	if !who.You.Act {
		r.audit(ctx, actor, act, entry{Result: "refused", From: from, Why: who.You.Why})
		r.note("warn", act.Name, string(act.Verb)+" was refused to "+actor)
		return "", &source.RefusedError{Reason: who.You.Why}
	}
	id, err := r.try(ctx, who, act, token, typed)
	var changed *source.ChangedError
	if errors.As(err, &changed) {
		r.audit(ctx, actor, act, entry{Result: "changed", From: from, Why: changed.What})
	}
	return id, err
}

// try does it if nothing has changed.
func (r *Runner) try(ctx context.Context, who admin.Asker, act source.Act, token, typed string) (string, error) {
	t, err := readTicket(token, act)
	if err != nil {
		return "", err
	}
	if act.Verb == source.Cancel && act.Object != source.OnSession {
		return r.cancel(ctx, who, act, t)
	}
	alone := act.Object != source.OnSession // a session may be what the act at work waits for
	id, err := r.reserve(token, alone)
	if id != "" || err != nil {
		return id, err
	}
	f, err := r.again(ctx, act, t, typed)
	if err != nil {
		r.release(token)
		return "", err
	}
	return r.start(ctx, who, f, token)
}

// reserve takes the token, and the one place of an act, until it is begun or released. A token that has begun a run already returns
// that run.
func (r *Runner) reserve(token string, alone bool) (id string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.life == nil:
		return "", &source.UnavailableError{Reason: "it is starting"}
	case r.life.Err() != nil:
		return "", &source.UnavailableError{Reason: "it is stopping"}
	case r.byToken(token) != nil:
		return r.byToken(token).Run.ID, nil
	case r.begun[token]:
		return "", &source.ChangedError{What: "it is being begun already"}
	case alone && r.busy != nil:
		return "", &source.ChangedError{What: "another act is at work: " + r.busy.Run.Title + ", by " + r.busy.Run.By + " (run " + r.busy.Run.ID + ")"}
	case alone && r.slot != "":
		return "", &source.ChangedError{What: "another act is being begun"}
	}
	r.begun[token] = true
	if alone {
		r.slot = token
	}
	return "", nil
}

func (r *Runner) release(token string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.begun, token)
	if r.slot == token {
		r.slot = ""
	}
}

// again looks once more and compares.
func (r *Runner) again(ctx context.Context, act source.Act, t ticket, typed string) (*found, error) {
	f, err := r.look(ctx, act, false)
	if fault.KindOf(err) == fault.NotFound {
		return nil, &source.ChangedError{What: fault.Sentence(err)}
	}
	if err != nil {
		return nil, err
	}
	if f.Refused != "" {
		return nil, &source.ChangedError{What: f.Refused}
	}
	if err := t.differs(ticket{Marks: f.marks, Rows: f.rows}); err != nil {
		return nil, err
	}
	if t.Rows != nil && strings.TrimSpace(typed) != decimal(*t.Rows) {
		return nil, &source.ChangedError{What: "rows would be lost: type their number, " + decimal(*t.Rows)}
	}
	if plans := r.recall(t.ID); plans != nil {
		f.facts.Plans = plans
	}
	return f, nil
}
