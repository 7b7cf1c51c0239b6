// Package reader asks the database what the bot asks it, past every cache, at an even pace. Twenty people who talk are answered from
// the cache nearly always, so that an index that is gone would hardly be felt; with readers it is. They run inside the daemon of a demo,
// through its own pool and tracer, and what is measured of them is measured as everything else is. Whoever runs them must say so: Label.
package reader

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"healthagent/store"
)

// Rate is how many statements a second all readers send together. When they take too long for that, fewer are sent: a reader never has
// more than one under way.
const Rate = 40

// Most is how many readers there may be: a pool has nine connections on two processors, and the bot needs some.
const Most = 8

// Config is what readers need.
type Config struct {
	Readers int // 1 to Most
	Store   *store.Store
	Now     func() time.Time
	Logger  *slog.Logger
}

// Label is what a daemon with so many readers calls itself.
func Label(readers int) string {
	plural := "s"
	if readers == 1 {
		plural = ""
	}
	return fmt.Sprintf("DEMO, with %d uncached reader%s", readers, plural)
}

// Run reads until ctx ends. While the database is away it tries again and again.
func Run(ctx context.Context, c Config) {
	c.Readers = min(max(c.Readers, 1), Most)
	c.Logger.Info(Label(c.Readers), "statements_per_second", Rate)
	people := &people{}
	var all sync.WaitGroup
	for i := range c.Readers {
		all.Go(func() {
			r := &reader{Config: c, people: people, dice: rand.New(rand.NewPCG(1, uint64(i)))} //nolint:gosec // no secret
			r.run(ctx, i)
		})
	}
	all.Go(func() { people.follow(ctx, c.Store, c.Logger) })
	all.Wait()
}

// reader is one of them.
type reader struct {
	Config
	people *people
	dice   *rand.Rand
}

// run asks one question after the other. The readers begin at different ones.
func (r *reader) run(ctx context.Context, place int) {
	questions := questions()
	pace := time.NewTicker(time.Second * time.Duration(r.Readers) / Rate)
	defer pace.Stop()
	for next := place * len(questions) / r.Readers; ; next++ {
		select {
		case <-ctx.Done():
			return
		case <-pace.C:
		}
		who, found := r.people.any(r.dice)
		if !found {
			continue
		}
		// what fails is counted by the store, under the statement's name, and needs no word of ours
		if err := questions[next%len(questions)](ctx, r, who); store.Unavailable(err) {
			pause(ctx, time.Second)
		}
	}
}

// question is one statement of the product.
type question func(ctx context.Context, r *reader, who store.User) error

// questions are the statements that migration 017 is for.
func questions() []question {
	return []question{window, page, totals, entries, favourites, due, active, leaderboard}
}

// alone sends BEGIN ahead. In one round trip both answers arrive together, and the time of both would count as that of BEGIN.
func (r *reader) alone(ctx context.Context, ask func(*store.Tx)) error {
	return r.Store.Do(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Flush(ctx); err != nil {
			return err
		}
		ask(tx)
		return nil
	})
}

func window(ctx context.Context, r *reader, who store.User) error {
	_, err := r.Store.ReadWindow(ctx, who.ID)
	return err
}

// page turns back to some day of the last half year.
func page(ctx context.Context, r *reader, who store.User) error {
	const halfYear = 180 * 24 * time.Hour
	at := r.Now().Add(-time.Duration(r.dice.Int64N(int64(halfYear))))
	_, err := r.Store.History(ctx, who.ID, store.Cursor{Time: at}, store.WindowSize)
	return err
}

const week = 7 * 24 * time.Hour

func totals(ctx context.Context, r *reader, who store.User) error {
	now := r.Now()
	return r.alone(ctx, func(tx *store.Tx) { tx.FoodTotals(new(store.Totals), who.ID, now.Add(-week), now) })
}

func entries(ctx context.Context, r *reader, who store.User) error {
	now := r.Now()
	_, err := r.Store.Food(ctx, who.ID, now.Add(-week), now)
	return err
}

func favourites(ctx context.Context, r *reader, who store.User) error {
	const most = 10
	_, err := r.Store.FavouriteFoods(ctx, who.ID, most)
	return err
}

// due asks as the scheduler does, but for what was due an hour ago: that has been fired long since, so nothing is locked and no reminder
// is kept waiting.
func due(ctx context.Context, r *reader, _ store.User) error {
	const most = 100
	before := r.Now().Add(-time.Hour)
	return r.alone(ctx, func(tx *store.Tx) { tx.DueReminders(new([]store.DueReminder), before, most) })
}

// active asks in the zone of the copy that the store keeps up to date: another one would be an error.
func active(ctx context.Context, r *reader, who store.User) error {
	who, found, err := r.Store.User(ctx, who.ID)
	if err != nil || !found || who.Status != store.Active {
		return err
	}
	err = r.alone(ctx, func(tx *store.Tx) { tx.MustBeActive(who.ID, who.Timezone) })
	if errors.Is(err, store.ErrNotActive) { // the person moved a moment ago
		r.Store.DropCopy(ctx, who.ID)
		return nil
	}
	return err
}

func leaderboard(ctx context.Context, r *reader, _ store.User) error {
	const most = 10
	_, err := r.Store.Leaderboard(ctx, most)
	return err
}

// people are those who are served and talk.
type people struct {
	mu     sync.Mutex
	served []store.User
}

// any is one of them; false when nobody is served yet.
func (p *people) any(dice *rand.Rand) (store.User, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.served) == 0 {
		return store.User{}, false
	}
	return p.served[dice.IntN(len(p.served))], true
}

// follow keeps the list up to date.
func (p *people) follow(ctx context.Context, s *store.Store, log *slog.Logger) {
	const again = 5 * time.Second
	for ctx.Err() == nil {
		all, err := s.Users(ctx)
		if err != nil {
			log.Debug("the readers do not know whom to read", "error", store.Reason(err))
			pause(ctx, again)
			continue
		}
		// who has never said where they live has hardly said anything
		served := slices.DeleteFunc(all, func(u store.User) bool { return u.Status != store.Active || u.TimezoneSetAt == nil })
		p.mu.Lock()
		p.served = served
		p.mu.Unlock()
		pause(ctx, again)
	}
}

func pause(ctx context.Context, length time.Duration) {
	timer := time.NewTimer(length)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
