package doctor

import (
	"context"
	"slices"
	"sync"

	"healthagent/app/admin"
	"healthagent/app/telegram"
	"healthagent/tui/source"
)

// visit is one look: what more than one check wants to know is found out once, by the first that asks.
type visit struct {
	Patient
	ctx    context.Context // of the whole look
	closes []func()

	readiness func() (admin.Readiness, error)
	daemon    func() (source.Doctor, error) // what the daemon itself found last
	me        func() (telegram.Identity, error)
}

func newVisit(ctx context.Context, p Patient) *visit {
	v := &visit{Patient: p.withDefaults(), ctx: ctx}
	v.readiness = once(v, func(ctx context.Context) (r admin.Readiness, err error) { return r, v.ask(ctx, "/readyz", &r) })
	v.daemon = once(v, func(ctx context.Context) (d source.Doctor, err error) { return d, v.ask(ctx, "/v1/doctor", &d) })
	v.me = once(v, v.identify)
	return v
}

// once finds something out within the time of a check. Whoever asks meanwhile waits for it.
func once[T any](v *visit, find func(context.Context) (T, error)) func() (T, error) {
	return sync.OnceValues(func() (T, error) {
		ctx, cancel := context.WithTimeout(v.ctx, checkTime*9/10) // so that the check can still say what came of it
		defer cancel()
		return find(ctx)
	})
}

func (v *visit) close() {
	for _, end := range v.closes {
		end()
	}
}

// secondOpinion is what the daemon says of a thing that this user may not see.
func (v *visit) secondOpinion(f source.Finding) source.Finding {
	if f.Verdict != source.Skip || f.Text != onlyRoot {
		return f
	}
	theirs, err := v.daemon()
	if err != nil {
		return f
	}
	i := slices.IndexFunc(theirs.Checks, func(t source.Finding) bool { return t.Code == f.Code && t.Verdict != source.Skip })
	if i < 0 {
		return f
	}
	return theirs.Checks[i]
}
