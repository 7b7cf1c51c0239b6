package e2e

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"healthagent/app/rehearsal/botapi"
)

// TestKilledAgainAndAgain kills the daemon while many people log food. HEALTHAGENT_E2E_MESSAGES asks for more messages.
func TestKilledAgainAndAgain(t *testing.T) {
	t.Parallel()
	const people, kills, seed = 40, 12, 20
	total := 400
	if more, err := strconv.Atoi(os.Getenv("HEALTHAGENT_E2E_MESSAGES")); err == nil {
		total = more
	}
	w := newWorld(t)
	c := newCrowd(w, people)
	random := rand.New(rand.NewPCG(seed, seed))
	w.serve()
	for kill := range kills {
		left := total - w.tg.Stats().Said
		next := c.said + random.IntN(max(1, 2*left/(kills-kill)))
		w.wait("enough is said for a kill", func(tr *botapi.Transcript) bool {
			// people go on talking ahead of the bot, so that it is killed in every stage of its work
			if done := tr.Stats().Confirmed; done+2*people > c.said {
				c.say(min(done+2*people, total))
			}
			return c.said >= min(next, total)
		})
		if more := random.IntN(20); kill%2 == 1 && c.said < total {
			sent := w.tg.Stats().Sent
			w.wait("some more is answered", func(tr *botapi.Transcript) bool { return tr.Stats().Sent > sent+more })
		}
		if err := w.Daemon.Kill(); err != nil {
			t.Fatal(err)
		}
		if kill%4 == 3 { // and once more while it is starting
			if err := w.start().Kill(); err != nil {
				t.Fatal(err)
			}
		}
		w.serve()
	}
	c.say(total)
	c.answered()
	t.Logf("%d messages, %d kills, %d replies said twice", total, kills+kills/4, c.check())
	if n := w.number(`SELECT count(*) FROM inbox WHERE state = 'done'`); n != int64(total) {
		t.Errorf("%d updates are done of %d", n, total)
	}
}
