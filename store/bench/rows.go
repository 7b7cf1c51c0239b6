package bench

import (
	"math"
	"strconv"
	"time"
)

// line is one row in the text format of COPY.
type line struct{ buf []byte }

func (l *line) tab() {
	if n := len(l.buf); n > 0 && l.buf[n-1] != '\n' {
		l.buf = append(l.buf, '\t')
	}
}

func (l *line) int(n int64) {
	l.tab()
	l.buf = strconv.AppendInt(l.buf, n, 10)
}

func (l *line) float(f float64) {
	l.tab()
	l.buf = strconv.AppendFloat(l.buf, math.Round(f*10)/10, 'f', -1, 64)
}

func (l *line) raw(s string) {
	l.tab()
	l.buf = append(l.buf, s...)
}

func (l *line) null() { l.raw(`\N`) }

func (l *line) time(t time.Time) {
	l.tab()
	l.buf = t.AppendFormat(l.buf, "2006-01-02 15:04:05.999999Z07:00")
}

// text escapes what COPY gives a meaning.
func (l *line) text(s []byte) {
	l.tab()
	for _, c := range s {
		switch c {
		case '\\':
			l.buf = append(l.buf, '\\', '\\')
		case '\n':
			l.buf = append(l.buf, '\\', 'n')
		case '\t':
			l.buf = append(l.buf, '\\', 't')
		case '\r':
			l.buf = append(l.buf, '\\', 'r')
		default:
			l.buf = append(l.buf, c)
		}
	}
}

func (l *line) end() { l.buf = append(l.buf, '\n') }

// table is how one table is filled: rows lo to hi-1 as lines, the same whenever and by whomever they are made.
type table struct {
	name    string
	columns string
	total   int
	rows    func(l *line, lo, hi int)
}

// The tables of a data set, by the order in which their numbers are mixed into the seed.
const (
	usersTable = iota + 1
	messagesTable
	foodsTable
	remindersTable
	progressTable
)

func (s Spec) users(crowd Crowd) table {
	rankOf := make([]int, s.Users) // rows stand in the order of coming
	for rank := range s.Users {
		rankOf[crowd.came(rank)] = rank
	}
	return table{
		"users", "telegram_id, subscription_status, display_name, timezone, leaderboard_name, unreachable_at, created_at", s.Users,
		func(l *line, lo, hi int) {
			r := s.dice(usersTable, lo)
			for i := lo; i < hi; i++ {
				rank := rankOf[i]
				name := "person " + strconv.Itoa(i)
				l.int(crowd.ID(rank))
				l.raw(status(rank))
				l.raw(name)
				l.raw(crowd.zone(rank))
				if r.IntN(5) == 0 {
					l.raw(name)
				} else {
					l.null()
				}
				if r.IntN(100) == 0 {
					l.time(s.Now.Add(-24 * time.Hour))
				} else {
					l.null()
				}
				l.time(s.Now.Add(-s.span()))
				l.end()
			}
		},
	}
}

func (s Spec) progress(crowd Crowd) table {
	return table{
		"user_gamification", "user_id, total_xp, current_level, current_streak, longest_streak, last_active_day", s.Users,
		func(l *line, lo, hi int) {
			r := s.dice(progressTable, lo)
			for rank := lo; rank < hi; rank++ {
				density := math.Pow(crowd.shift+float64(rank), -exponent) / crowd.fall * (exponent - 1)
				xp := int64(density*float64(s.exchanges())*5*(0.5+r.Float64())) + r.Int64N(10)
				streak := r.IntN(30)
				l.int(crowd.ID(rank))
				l.int(xp)
				l.int(1 + int64(math.Sqrt(float64(xp)/50)))
				l.int(int64(streak))
				l.int(int64(streak + r.IntN(60)))
				l.raw(s.Now.Add(-time.Duration(r.IntN(20)) * 24 * time.Hour).Format(time.DateOnly))
				l.end()
			}
		},
	}
}

func (s Spec) messages(crowd Crowd) table {
	return table{
		"conversation_history", `user_id, id, role, content, message_type, metadata, "timestamp"`, s.Messages,
		func(l *line, lo, hi int) {
			r := s.dice(messagesTable, lo)
			w := newPen(r)
			for i := lo; i < hi; i++ {
				reply := i%2 == 1
				at := s.timeOf(i / 2)
				l.int(crowd.ID(s.personOf(crowd, i/2)))
				l.int(int64(i + 1))
				kind := "text"
				switch {
				case reply:
					l.raw("assistant")
					at = at.Add(3 * time.Millisecond)
				default:
					l.raw("user")
					if n := r.IntN(20); n == 0 {
						kind = "photo"
					} else if n == 1 {
						kind = "edit"
					}
				}
				l.text(w.message(reply))
				l.raw(kind)
				switch {
				case reply && r.IntN(10) < 4:
					l.raw(`{"asked": {"kind": "portion", "food": "` + s.FoodNames[r.IntN(len(s.FoodNames))] + `", "at": "` + at.Format(time.RFC3339) +
						`", "choices": ["small", "medium", "large"]}}`)
				case !reply && r.IntN(10) < 2:
					l.raw(`{"update_id": ` + strconv.Itoa(500_000_000+i) + `, "lang": "en"}`)
				default:
					l.null()
				}
				l.time(at)
				l.end()
			}
		},
	}
}

// perMeal is how many foods one message logs.
const perMeal = 2

func (s Spec) foods(crowd Crowd) table {
	meals := []string{"breakfast", "lunch", "dinner", "snack"}
	logs := (s.Foods + perMeal - 1) / perMeal
	return table{
		"food_entries",
		`user_id, id, food_name, ndb_no, quantity, grams, calories, protein, carbs, fat, meal_type, telegram_message_id, "timestamp", created_at`,
		s.Foods,
		func(l *line, lo, hi int) {
			r := s.dice(foodsTable, lo)
			for i := lo; i < hi; i++ {
				exchange := int(int64(i/perMeal) * int64(s.exchanges()) / int64(logs))
				rank, at := s.personOf(crowd, exchange), s.timeOf(exchange)
				grams := 10 + 290*r.Float64()
				l.int(crowd.ID(rank))
				l.int(int64(i + 1))
				l.raw(s.foodOf(rank, r.Float64(), r.IntN(5) == 0))
				l.raw("0" + strconv.Itoa(1000+r.IntN(8000)))
				l.raw(strconv.Itoa(int(grams)) + " g")
				l.float(grams)
				l.float(grams * (0.3 + 3*r.Float64()))
				l.float(grams * 0.2 * r.Float64())
				l.float(grams * 0.4 * r.Float64())
				l.float(grams * 0.2 * r.Float64())
				l.raw(meals[r.IntN(len(meals))])
				if crowd.ids == nil {
					l.int(int64(exchange + 1))
				} else {
					l.null() // the numbers are for what these people are going to write
				}
				l.time(at.Add(-time.Duration(r.IntN(3600)) * time.Second))
				l.time(at)
				l.end()
			}
		},
	}
}

// foodOf is what a person eats: of a dozen favourites, or if seldom of everything there is.
func (s Spec) foodOf(rank int, u float64, seldom bool) string {
	n := len(s.FoodNames)
	if seldom {
		return s.FoodNames[int(u*float64(n))]
	}
	favourite := uint64(12 * u * u)
	return s.FoodNames[int(unit(s.Seed^uint64(rank), favourite)*float64(n))]
}

func (s Spec) reminders(crowd Crowd) table {
	texts := []string{"drink a glass of water", "log lunch", "walk for twenty minutes", "take the vitamins", "weigh yourself", "go to bed"}
	return table{
		"reminders", "user_id, id, message, next_execution_time, active, rule, created_at", s.Reminders,
		func(l *line, lo, hi int) {
			r := s.dice(remindersTable, lo)
			for i := lo; i < hi; i++ {
				l.int(crowd.ID(member(crowd.Rank(r.Float64()))))
				l.int(int64(i + 1))
				l.raw(texts[r.IntN(len(texts))])
				// Two in a thousand are due; of the rest two fifths are to come and the others are done, which they stay for ever.
				next, isActive := s.Now.Add(time.Minute+time.Duration(r.Int64N(int64(leastSpan)))), true
				switch n := r.IntN(1000); {
				case n < 2 || i == 0:
					next = s.Now.Add(-time.Duration(r.Int64N(int64(5 * time.Minute))))
				case n >= 400:
					next, isActive = s.Now.Add(-time.Hour-time.Duration(r.Int64N(int64(s.span())))), false
				}
				l.time(next)
				l.raw(strconv.FormatBool(isActive))
				if isActive && r.IntN(2) == 0 {
					l.raw("daily 08:30")
				} else {
					l.null()
				}
				l.time(next.Add(-48 * time.Hour))
				l.end()
			}
		},
	}
}
