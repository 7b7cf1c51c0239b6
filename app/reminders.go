package app

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"healthagent/app/coach"
	"healthagent/app/remind"
	"healthagent/app/telegram"
	"healthagent/store"
)

const (
	remindersAtOnce = 100
	longestNap      = 15 * time.Second      // a row that somebody wrote past the triggers is seen after this
	shortestNap     = 50 * time.Millisecond // somebody may have locked the one that is due
	missed          = time.Second           // so far behind its time nothing is that came due while somebody looked
)

// scheduler fires reminders from the database. Nothing of it is in memory, so nothing is lost with the process; a moment fires once
// because its occurrence row is unique, and its message is in the outbox of the same transaction.
type scheduler struct {
	store *store.Store
	bot   *telegram.Service
	now   func() time.Time
	log   *slog.Logger
	wake  chan struct{}
	began time.Time // of this run: what was due before fell into a time when nobody looked
}

func newScheduler(s *store.Store, bot *telegram.Service, now func() time.Time, log *slog.Logger) *scheduler {
	return &scheduler{store: s, bot: bot, now: now, log: log, wake: make(chan struct{}, 1)}
}

// wakeUp makes the scheduler look again.
func (s *scheduler) wakeUp() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run fires what is due until ctx ends. It is called by one goroutine at a time.
func (s *scheduler) run(ctx context.Context) {
	s.began = s.now()
	for ctx.Err() == nil {
		n, err := s.fire(ctx)
		if err != nil && ctx.Err() == nil {
			s.log.Warn("firing reminders", "error", store.Reason(err))
			wait(ctx, time.Second)
			continue
		}
		if n == remindersAtOnce {
			continue
		}
		s.nap(ctx)
	}
}

// nap waits for the next reminder, or until something changes.
func (s *scheduler) nap(ctx context.Context) {
	pause := longestNap
	if next, found, err := s.store.NextDue(ctx); err == nil && found {
		pause = min(max(next.Sub(s.now()), shortestNap), longestNap)
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-s.wake:
	case <-timer.C:
	}
}

// fire fires one batch of due reminders and returns how many it took.
func (s *scheduler) fire(ctx context.Context) (n int, err error) {
	now := s.now()
	err = s.store.Do(ctx, func(ctx context.Context, tx *store.Tx) error {
		var due []store.DueReminder
		tx.DueReminders(&due, now, remindersAtOnce)
		if err := tx.Flush(ctx); err != nil {
			return err
		}
		n = len(due)
		fired := make([]firing, 0, n)
		for _, d := range due {
			if f, fires := s.decide(tx, d, now); fires {
				fired = append(fired, f)
			}
		}
		for i := range fired {
			tx.AddOccurrence(&fired[i].occurrence, &fired[i].fresh)
		}
		if err := tx.Flush(ctx); err != nil {
			return err
		}
		for _, f := range fired {
			if !f.fresh {
				continue
			}
			if err := s.post(tx, f, now); err != nil {
				return err
			}
		}
		tx.AfterCommit(func(context.Context) { s.bot.Wake() })
		return nil
	})
	return n, err
}

// firing is one reminder that goes out.
type firing struct {
	occurrence store.Occurrence
	fresh      bool // it has not fired for this moment before
	loc        *time.Location
}

// decide moves a due reminder on and says whether it goes out now.
func (s *scheduler) decide(tx *store.Tx, d store.DueReminder, now time.Time) (firing, bool) {
	if !d.Reachable { // it waits for its person to come back
		d.Active, d.Paused = false, true
		tx.MoveReminder(d.Reminder)
		return firing{}, false
	}
	loc, err := time.LoadLocation(d.Timezone)
	if err != nil {
		loc = time.UTC
	}
	rule := remind.At(d.Next)
	if d.Rule != "" {
		if parsed, err := remind.ParseRule(d.Rule); err == nil {
			rule = parsed
		} else { // written by somebody else: its moment still counts
			s.log.Warn("a reminder's rule cannot be read: it fires once", "reminder", d.ID)
		}
	}
	verdict := remind.Due(rule, d.Next, now, loc)
	late := verdict.Late || d.Next.Before(s.began) && now.Sub(d.Next) > missed
	f := firing{
		occurrence: store.Occurrence{
			UserID: d.UserID, ReminderID: d.ID, ScheduledAt: d.Next, Late: late, Message: d.Message,
		},
		loc: loc,
	}
	d.Active = verdict.More
	if verdict.More {
		d.Next = verdict.Next
	}
	tx.MoveReminder(d.Reminder)
	return f, verdict.Deliver
}

func (s *scheduler) post(tx *store.Tx, f firing, now time.Time) error {
	o := f.occurrence
	in := coach.Incoming{UserID: o.UserID, ChatID: o.UserID, Private: true}
	calls, err := s.bot.Render(in, []coach.Out{coach.FiredNote(o, now, f.loc)})
	if err != nil {
		return fmt.Errorf("render a reminder: %w", err)
	}
	tx.Send(calls...)
	return nil
}
