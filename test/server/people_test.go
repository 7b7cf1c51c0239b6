package server

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"healthagent/app/rehearsal/botapi"
)

// crowd is a number of people who log food in turn. Each message of a person has its own weight, by which its row and its replies are
// known.
type crowd struct {
	s      *server
	people int
	said   [][]string // by person
	total  int
}

// lightest are the grams of everybody's first message.
const lightest = 10

func newCrowd(s *server, people int) *crowd {
	return &crowd{s: s, people: people, said: make([][]string, people)}
}

// say goes on talking until so many messages were said in all.
func (c *crowd) say(upTo int) {
	foods := []string{"rice", "chicken breast", "banana", "oats", "salmon"}
	for ; c.total < upTo; c.total++ {
		who := c.total % c.people
		text := fmt.Sprintf("%d g %s", lightest+len(c.said[who]), foods[c.total%len(foods)])
		c.said[who] = append(c.said[who], text)
		c.s.tg.Say(int64(who)+1, text)
	}
}

// grams finds the weight that a card names.
var grams = regexp.MustCompile(`— ([0-9,]+) g ·`)

// answers is how many different things a person was answered, and how many came again.
func (c *crowd) answers(who int) (different, again int) {
	var seen []string
	for _, m := range c.s.tg.Sent(int64(who) + 1) {
		found := grams.FindStringSubmatch(m.Text)
		switch {
		case found == nil: // something else that was said
		case slices.Contains(seen, found[1]):
			again++
		default:
			seen = append(seen, found[1])
		}
	}
	return len(seen), again
}

// answered waits until everything that was said has its answer.
func (c *crowd) answered() (again int) {
	c.s.t.Helper()
	c.s.wait("everybody is answered", func(*botapi.Transcript) bool {
		for who := range c.people {
			if n, _ := c.answers(who); n < len(c.said[who]) {
				return false
			}
		}
		return true
	})
	for who := range c.people {
		_, twice := c.answers(who)
		again += twice
	}
	return again
}

// kept checks that the history has every message of everybody, once, in order, to the letter.
func (c *crowd) kept() {
	c.s.t.Helper()
	got := make([][]string, c.people)
	for row := range strings.Lines(c.s.sql(`SELECT user_id || ' ' || content FROM conversation_history WHERE role = 'user' ORDER BY id`)) {
		user, text, _ := strings.Cut(strings.TrimSuffix(row, "\n"), " ")
		if id, err := strconv.Atoi(user); err == nil && id <= c.people {
			got[id-1] = append(got[id-1], text)
		}
	}
	for who := range c.people {
		if !slices.Equal(got[who], c.said[who]) {
			c.s.t.Errorf("person %d said %q, in the history is %q", who+1, c.said[who], got[who])
		}
	}
}

// sql asks the service's database, as the service does. It returns the rows, without a last line break.
func (s *server) sql(query string) string {
	s.t.Helper()
	return strings.TrimSuffix(s.must(as("healthagent", "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", s.setting("DATABASE_URL"), "-c", query)), "\n")
}
