package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"healthagent/app/rehearsal/botapi"
)

// grams finds the weight that a card names.
var grams = regexp.MustCompile(`— ([0-9,]+) g ·`)

// TestKilledAgainAndAgain kills the daemon while many people log food. Each message of a person has its own weight, by which its
// row and its replies are known. HEALTHAGENT_E2E_MESSAGES asks for more messages.
func TestKilledAgainAndAgain(t *testing.T) {
	t.Parallel()
	const people, kills, seed = 40, 12, 20
	total := 400
	if more, err := strconv.Atoi(os.Getenv("HEALTHAGENT_E2E_MESSAGES")); err == nil {
		total = more
	}
	w := newWorld(t)
	w.members(1, people)
	random := rand.New(rand.NewPCG(seed, seed))
	foods := []string{"rice", "chicken breast", "banana", "oats", "salmon"}
	said := 0
	say := func(upTo int) {
		for ; said < min(upTo, total); said++ {
			w.tg.Say(int64(said%people)+1, fmt.Sprintf("%d g %s", 10+said/people, foods[said%len(foods)]))
		}
	}
	w.serve()
	replies := func(n int) func(*botapi.Transcript) bool {
		return func(tr *botapi.Transcript) bool {
			sent := tr.Stats().Sent
			say(sent + 2*people) // people go on talking, whatever happens to the bot
			return sent >= n
		}
	}
	for kill := range kills {
		// the thresholds lie close to the messages so far, since a killed sender may repeat a few
		next := w.tg.Stats().Sent + 1 + random.IntN(max(1, 2*(total-w.tg.Stats().Sent)/(kills-kill)))
		w.wait("enough is answered for a kill", replies(min(next, total)))
		if err := w.Daemon.Kill(); err != nil {
			t.Fatal(err)
		}
		if kill%4 == 3 { // and once more while it is starting
			d := w.start()
			if err := d.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		w.serve()
	}
	say(total)
	w.wait("all is taken in", func(tr *botapi.Transcript) bool { return tr.Stats().Unconfirmed == 0 })
	w.balanced()

	if n := w.number(`SELECT count(*) FROM inbox WHERE state = 'done'`); n != int64(total) {
		t.Errorf("%d updates are done of %d", n, total)
	}
	if n := w.number(`SELECT count(*) FROM food_entries`); n != int64(total) {
		t.Errorf("%d food entries for %d messages", n, total)
	}
	doubled := 0
	for user := int64(1); user <= people; user++ {
		doubled += checkPerson(w, user, (total-int(user)+people)/people)
	}
	t.Logf("%d messages, %d kills, %d replies said twice", total, kills+kills/4, doubled)
}

// checkPerson checks one person's rows and replies and returns how many replies came twice.
func checkPerson(w *world, user int64, messages int) (doubled int) {
	var want []string
	for i := range messages {
		want = append(want, strconv.Itoa(10+i))
	}
	if got := w.texts(`SELECT grams::bigint::text FROM food_entries WHERE user_id = $1 ORDER BY id`, user); !slices.Equal(got, want) {
		w.t.Errorf("person %d: rows in the order of %v", user, got)
	}
	if got := w.texts(`SELECT substring(content FROM '^[0-9]+') FROM conversation_history
		WHERE user_id = $1 AND role = 'user' ORDER BY id`, user); !slices.Equal(got, want) {
		w.t.Errorf("person %d: history in the order of %v", user, got)
	}
	var first []string
	for _, m := range w.tg.Sent(user) {
		found := grams.FindStringSubmatch(m.Text)
		switch {
		case found == nil:
			w.t.Errorf("person %d got %q", user, m.Text)
		case slices.Contains(first, found[1]):
			doubled++
		default:
			first = append(first, found[1])
		}
	}
	if !slices.Equal(first, want) {
		w.t.Errorf("person %d: first replies in the order of %v", user, first)
	}
	return doubled
}
