package bench

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
)

// Past is what people have behind them before they talk to the bot: months of messages, everybody the same number of them and one in
// turn with the other, and the food, the reminders and the points that go with them. It is for tables that are empty.
//
// The people wait for an invitation, as strangers do, so that joining is left to them; the silent are members. All that was said is older than an hour: it asks
// nothing any more. No reminder of theirs falls due within a day.
type Past struct {
	People   []Someone
	Silent   []Someone // members who have points of long ago, fewer than anybody of People, and nothing else
	Messages int       // of each person, rounded up to pairs of a message and its reply; 0: only the people themselves
	Seed     uint64
	Now      time.Time              // default: the present
	Level    func(points int64) int // the level of somebody with so many points
}

// Someone is a person of a Past.
type Someone struct {
	ID   int64
	Name string
}

const (
	pastSpan   = 180 * 24 * time.Hour
	pastAge    = 2 * time.Hour // of the newest message
	pastComing = 3             // reminders of a person that are still to come
	pastDays   = int(pastSpan / (24 * time.Hour))
)

// Write fills the tables of the database that url names and leaves them vacuumed and analyzed.
func (p Past) Write(ctx context.Context, url string, progress ProgressFunc) error {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return errors.New("the database URL cannot be understood") // the driver's error quotes it
	}
	config.RuntimeParams["application_name"] = "healthagent-past"
	database := &Scratch{config: config, name: config.Database}
	spec, crowd := p.spec()
	total, done := int64(0), int64(0)
	tables := p.tables(spec, crowd)
	for _, t := range tables {
		total += int64(t.total)
	}
	for _, t := range tables {
		tell := func(rows int) {
			done += int64(rows)
			progress("loading", done, total)
		}
		if err := database.copyTable(ctx, t, tell); err != nil {
			return fmt.Errorf("write the past: %w", err)
		}
	}
	if err := database.settle(ctx, progress); err != nil {
		return fmt.Errorf("write the past: %w", err)
	}
	return nil
}

func (p Past) spec() (Spec, Crowd) {
	if p.Now.IsZero() {
		p.Now = time.Now()
	}
	ids := make([]int64, len(p.People))
	for i, someone := range p.People {
		ids[i] = someone.ID
	}
	pairs := (p.Messages + 1) / 2
	s := Spec{Users: len(ids), Messages: 2 * pairs * len(ids), Seed: p.Seed, Now: p.Now.Add(-pastAge), Span: pastSpan}
	s.Reminders = len(ids) * (pairs/5 + pastComing)
	return s.withDefaults(), given(ids)
}

// tables are in the order in which rows refer to each other.
func (p Past) tables(s Spec, crowd Crowd) []table {
	all := []table{p.users(s)}
	if s.Messages > 0 {
		all = append(all, s.messages(crowd), s.foods(crowd), p.reminders(s), p.points(s), p.progress(s))
	}
	if len(p.Silent) > 0 {
		all = append(all, p.silentPoints(s), p.silentProgress())
	}
	return all
}

func (p Past) users(s Spec) table {
	return table{
		"users", "telegram_id, subscription_status, display_name, leaderboard_name, created_at", len(p.People) + len(p.Silent),
		func(l *line, lo, hi int) {
			for i := lo; i < hi; i++ {
				someone, status := Someone{}, "pending"
				if silent := i - len(p.People); silent >= 0 {
					someone, status = p.Silent[silent], "active"
				} else {
					someone = p.People[i]
				}
				l.int(someone.ID)
				l.raw(status)
				l.text([]byte(someone.Name))
				l.text([]byte(someone.Name))
				l.time(s.Now.Add(-s.span()))
				l.end()
			}
		},
	}
}

// reminders are one-offs: most are done, which they stay for ever, and a few are to come.
func (p Past) reminders(s Spec) table {
	texts := []string{"drink a glass of water", "log lunch", "walk for twenty minutes", "take the vitamins", "weigh yourself", "go to bed"}
	return table{
		"reminders", "user_id, message, next_execution_time, active, created_at", s.Reminders,
		func(l *line, lo, hi int) {
			r := s.dice(remindersTable, lo)
			for i := lo; i < hi; i++ {
				coming := i >= s.Reminders-pastComing*len(p.People)
				at := s.timeOf(int(int64(i) * int64(s.exchanges()) / int64(s.Reminders)))
				if coming {
					at = s.Now.Add(48*time.Hour + time.Duration(r.Int64N(int64(leastSpan)))).Truncate(time.Minute)
				}
				l.int(p.People[i%len(p.People)].ID)
				l.raw(texts[r.IntN(len(texts))])
				l.time(at)
				l.raw(strconv.FormatBool(coming))
				l.time(at.Add(-72 * time.Hour))
				l.end()
			}
		},
	}
}

// pointsOf is what a person got on one day of the past.
func (p Past) pointsOf(person, day int) int64 {
	return 10 + 10*int64(5*unit(p.Seed^uint64(p.People[person].ID), uint64(day)))
}

// dayOf is midnight of a day of the past: 0 is the oldest.
func (s Spec) dayOf(day int) time.Time {
	return s.Now.Add(time.Duration(day+1-pastDays) * 24 * time.Hour)
}

// points are one row a day, under a source that nothing else uses.
func (p Past) points(s Spec) table {
	return table{
		"xp_transactions", `user_id, source, amount, day, "timestamp"`, len(p.People) * pastDays,
		func(l *line, lo, hi int) {
			for i := lo; i < hi; i++ {
				person, at := i%len(p.People), s.dayOf(i/len(p.People))
				l.int(p.People[person].ID)
				l.raw("past:" + at.Format(time.DateOnly))
				l.int(p.pointsOf(person, i/len(p.People)))
				l.raw(at.Format(time.DateOnly))
				l.time(at)
				l.end()
			}
		},
	}
}

// progress is the sum of the points.
func (p Past) progress(s Spec) table {
	return table{
		"user_gamification", "user_id, total_xp, current_level, current_streak, longest_streak, last_active_day", len(p.People),
		func(l *line, lo, hi int) {
			r := s.dice(progressTable, lo)
			for person := lo; person < hi; person++ {
				sum := int64(0)
				for day := range pastDays {
					sum += p.pointsOf(person, day)
				}
				streak := 1 + r.IntN(30)
				l.int(p.People[person].ID)
				l.int(sum)
				l.int(int64(p.Level(sum)))
				l.int(int64(streak))
				l.int(int64(streak + r.IntN(60)))
				l.raw(s.dayOf(pastDays - 1).Format(time.DateOnly))
				l.end()
			}
		},
	}
}

// silentPointsOf is less than a day's points of somebody who talks.
func (p Past) silentPointsOf(i int) int64 {
	return 1 + int64(9*unit(p.Seed^uint64(p.Silent[i].ID), 0))
}

// silentPoints are one row for each of them, of the first day.
func (p Past) silentPoints(s Spec) table {
	return table{
		"xp_transactions", `user_id, source, amount, day, "timestamp"`, len(p.Silent),
		func(l *line, lo, hi int) {
			for i := lo; i < hi; i++ {
				l.int(p.Silent[i].ID)
				l.raw("past")
				l.int(p.silentPointsOf(i))
				l.raw(s.dayOf(0).Format(time.DateOnly))
				l.time(s.dayOf(0))
				l.end()
			}
		},
	}
}

func (p Past) silentProgress() table {
	return table{
		"user_gamification", "user_id, total_xp, current_level", len(p.Silent),
		func(l *line, lo, hi int) {
			for i := lo; i < hi; i++ {
				points := p.silentPointsOf(i)
				l.int(p.Silent[i].ID)
				l.int(points)
				l.int(int64(p.Level(points)))
				l.end()
			}
		},
	}
}
