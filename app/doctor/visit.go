package doctor

import (
	"context"
	"slices"
	"sync"
	"time"

	"healthagent/app/admin"
	"healthagent/app/backup"
	"healthagent/app/telegram"
	"healthagent/migrations"
	"healthagent/store"
	"healthagent/store/inspect"
	"healthagent/tui/source"
)

// visit is one look: what more than one check wants to know is found out once, by the first that asks.
type visit struct {
	Patient
	ctx    context.Context // of the whole look
	mu     sync.Mutex
	closes []func()

	readiness func() (admin.Readiness, error)
	daemon    func() (source.Doctor, error) // what the daemon itself found last
	units     func() (map[string]unit, error)

	me    func() (telegram.Identity, error)
	metAt time.Time // when Telegram had answered

	way         func() (*inspect.Inspector, error)
	server      func() (inspect.Server, error)
	checkup     func() (inspect.Checkup, error)
	checkedAt   time.Time // when it was
	connections func() (inspect.Connections, error)
	backlog     func() (inspect.Backlog, error)
	ledger      func() ([]migrations.Entry, error)
	verified    func() (migrations.Verification, error)

	redis   func() (*store.RedisInfo, error)
	backups func() (backup.Status, error)
}

func newVisit(ctx context.Context, p Patient) *visit {
	v := &visit{Patient: p.withDefaults(), ctx: ctx}
	v.readiness = once(v, func(ctx context.Context) (r admin.Readiness, err error) { return r, v.ask(ctx, "/readyz", &r) })
	v.daemon = once(v, func(ctx context.Context) (d source.Doctor, err error) { return d, v.ask(ctx, "/v1/doctor", &d) })
	v.units = once(v, v.show)
	v.me = once(v, v.identify)
	v.way = sync.OnceValues(v.inspector)
	v.server = once(v, asked(v, (*inspect.Inspector).Server))
	v.checkup = once(v, asked(v, func(i *inspect.Inspector, ctx context.Context) (inspect.Checkup, error) {
		defer func() { v.checkedAt = v.Now() }()
		return i.Checkup(ctx)
	}))
	v.connections = once(v, asked(v, (*inspect.Inspector).Connections))
	v.backlog = once(v, asked(v, (*inspect.Inspector).Backlog))
	v.ledger = once(v, v.readLedger)
	v.verified = once(v, v.verify)
	v.redis = once(v, v.askRedis)
	v.backups = once(v, v.lookBackups)
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

// atEnd has something closed when the look is over.
func (v *visit) atEnd(end func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.closes = append(v.closes, end)
}

func (v *visit) close() {
	v.mu.Lock()
	defer v.mu.Unlock()
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
