package e2e

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"

	"healthagent/app/rehearsal/botapi"
)

// crowd is a number of people who log food in turn. Each message of a person has its own weight, by which its row and its replies
// are known.
type crowd struct {
	w      *world
	people int
	said   int
}

const lightest = 10 // grams of everybody's first message

// newCrowd makes members of people with the ids from 1 on.
func newCrowd(w *world, people int) *crowd {
	w.t.Helper()
	w.members(1, int64(people))
	return &crowd{w: w, people: people}
}

// say goes on talking until so many messages were said in all.
func (c *crowd) say(upTo int) {
	foods := []string{"rice", "chicken breast", "banana", "oats", "salmon"}
	for ; c.said < upTo; c.said++ {
		c.w.tg.Say(int64(c.said%c.people)+1, fmt.Sprintf("%d g %s", lightest+c.said/c.people, foods[c.said%len(foods)]))
	}
}

// round lets everybody say one thing.
func (c *crowd) round() { c.say(c.said + c.people) }

// answered waits until everybody has got as many different answers as they have said things.
func (c *crowd) answered() {
	c.w.t.Helper()
	c.w.wait("everybody is answered", func(*botapi.Transcript) bool {
		for user := 1; user <= c.people; user++ {
			if first, _ := c.replies(int64(user)); len(first) < c.saidBy(user) {
				return false
			}
		}
		return true
	})
}

func (c *crowd) saidBy(user int) int { return (c.said - user + c.people) / c.people }

// grams finds the weight that a card names.
var grams = regexp.MustCompile(`— ([0-9,]+) g ·`)

// replies are the weights of the cards that a person got, in the order in which each came first, and how many came again.
func (c *crowd) replies(user int64) (first []string, again int) {
	for _, m := range c.w.tg.Sent(user) {
		found := grams.FindStringSubmatch(m.Text)
		switch {
		case found == nil: // something else that was said
		case slices.Contains(first, found[1]):
			again++
		default:
			first = append(first, found[1])
		}
	}
	return first, again
}

// check waits until all is done and checks that every message has exactly one row and at least one reply, in order. It returns how
// many replies came twice.
func (c *crowd) check() (again int) {
	w := c.w
	w.t.Helper()
	w.balanced()
	if n := w.number(`SELECT count(*) FROM food_entries WHERE user_id <= $1`, c.people); n != int64(c.said) {
		w.t.Errorf("%d food entries for %d messages", n, c.said)
	}
	if n := w.number(`SELECT count(*) FROM inbox WHERE state IN ('parked', 'dead') AND user_id BETWEEN 1 AND $1`, c.people); n != 0 {
		w.t.Errorf("%d updates were given up", n)
	}
	for user := 1; user <= c.people; user++ {
		var want []string
		for i := range c.saidBy(user) {
			want = append(want, strconv.Itoa(lightest+i))
		}
		if got := w.texts(`SELECT grams::bigint::text FROM food_entries WHERE user_id = $1 ORDER BY id`, user); !slices.Equal(got, want) {
			w.t.Errorf("person %d: rows in the order of %v", user, got)
		}
		if got := w.texts(`SELECT substring(content FROM '^[0-9]+') FROM conversation_history
			WHERE user_id = $1 AND role = 'user' ORDER BY id`, user); !slices.Equal(got, want) {
			w.t.Errorf("person %d: history in the order of %v", user, got)
		}
		first, twice := c.replies(int64(user))
		if !slices.Equal(first, want) {
			w.t.Errorf("person %d: first replies in the order of %v", user, first)
		}
		again += twice
	}
	return again
}
