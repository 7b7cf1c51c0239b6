package bench

import (
	"math/rand/v2"
	"time"
)

// Spec says what data there shall be. Users and Messages are required, at least one each; the rest has defaults.
type Spec struct {
	Users     int
	Messages  int
	Foods     int           // default: 3 for 10 messages
	Reminders int           // default: 5 a person, most of them done
	Seed      uint64        // the same seed and Now give the same rows
	Now       time.Time     // the newest message is of then; default: the present minute
	Span      time.Duration // from the first message to the last; default: what four messages a day come to, 30 days at least
	FoodNames []string      // from the most to the least usual; default: some thirty
}

// perDay is how many messages a person and the coach exchange in a day, on average; from it follows how far the data goes back.
const perDay = 4

// leastSpan lets every question about the last seven days have a before.
const leastSpan = 30 * 24 * time.Hour

func (s Spec) withDefaults() Spec {
	if s.Foods == 0 {
		s.Foods = s.Messages * 3 / 10
	}
	if s.Reminders == 0 {
		s.Reminders = s.Users * 5
	}
	if s.Now.IsZero() {
		s.Now = time.Now()
	}
	s.Now = s.Now.UTC().Truncate(time.Minute)
	if len(s.FoodNames) == 0 {
		s.FoodNames = defaultFoods()
	}
	return s
}

// span is the time from the first message to the last.
func (s Spec) span() time.Duration {
	if s.Span > 0 {
		return s.Span
	}
	days := float64(s.Messages) / float64(s.Users) / perDay
	return max(leastSpan, time.Duration(days*24*float64(time.Hour)))
}

// An exchange is a person's message and the reply to it. The table holds them in the order in which they happened, so one person's
// rows lie scattered, as a bot leaves them.
func (s Spec) exchanges() int { return (s.Messages + 1) / 2 }

func (s Spec) timeOf(exchange int) time.Time {
	step := float64(s.span()) / float64(s.exchanges())
	return s.Now.Add(-s.span()).Add(time.Duration(step * float64(exchange))).Truncate(time.Microsecond)
}

// personOf is the rank of who speaks in an exchange.
func (s Spec) personOf(crowd Crowd, exchange int) int {
	if crowd.ids != nil {
		return crowd.turn(s.Seed, exchange)
	}
	return member(crowd.Rank(unit(s.Seed, uint64(exchange))))
}

// batchSize is how many rows are generated and sent at once.
const batchSize = 10_000

// dice are the random numbers of one batch of one table, whoever generates it and when.
func (s Spec) dice(table uint64, lo int) *rand.Rand {
	return rand.New(rand.NewPCG(s.Seed^table*0x9e3779b97f4a7c15, uint64(lo))) //nolint:gosec // not a secret, and it must repeat
}

// unit hashes two numbers into [0, 1), by splitmix64.
func unit(seed, n uint64) float64 {
	x := seed*0x9e3779b97f4a7c15 + (n+1)*0xbf58476d1ce4e5b9
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	x ^= x >> 31
	return float64(x>>11) / (1 << 53)
}

func defaultFoods() []string {
	return []string{
		"coffee", "egg", "bread", "milk", "banana", "apple", "chicken breast", "rice", "butter", "cheese", "yogurt", "oatmeal", "potato",
		"tomato", "salad", "pasta", "tea", "orange juice", "salmon", "beef", "chocolate", "almonds", "soup", "pizza", "olive oil", "honey",
		"avocado", "cucumber", "carrot", "lentils", "ice cream", "beer",
	}
}
