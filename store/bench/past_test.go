package bench_test

import (
	"fmt"
	"slices"
	"testing"

	"healthagent/store/bench"
	"healthagent/test/rig"
)

func past(messages int) bench.Past {
	return bench.Past{
		People:   []bench.Someone{{ID: 11, Name: "Maja"}, {ID: 12, Name: "Kofi"}, {ID: 13, Name: `Lucía\`}},
		Silent:   []bench.Someone{{ID: 21, Name: "Aiko"}, {ID: 22, Name: "Tariq"}},
		Messages: messages, Seed: 1, Level: func(points int64) int { return 1 + int(points/100) },
	}
}

// What the product relies on must be true of people whose past was written for them.
func TestPastIsAsIfTheyHadTalked(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	if err := past(301).Write(t.Context(), url, quiet); err != nil {
		t.Fatal(err)
	}
	conn := connect(t, url)
	for what, sql := range map[string]string{
		"everybody has as many messages": `SELECT count(*) = 3 AND min(n) = 302 AND max(n) = 302 FROM
		    (SELECT count(*) AS n FROM conversation_history GROUP BY user_id) AS people`,
		"nobody speaks twice in a row": `SELECT count(*) < 302 / 3 FROM (SELECT user_id, lag(user_id) OVER (ORDER BY id) AS before
		    FROM conversation_history WHERE role = 'user') AS spoken WHERE user_id = before`,
		"what was asked is too old to be answered": `SELECT max("timestamp") < now() - interval '1 hour' FROM conversation_history`,
		"the oldest is of months ago":              `SELECT min("timestamp") < now() - interval '5 months' FROM conversation_history`,
		"everybody has eaten":                      `SELECT count(DISTINCT user_id) = 3 AND count(*) > 200 FROM food_entries`,
		"no food belongs to a message to come":     `SELECT count(*) = 0 FROM food_entries WHERE telegram_message_id IS NOT NULL`,
		"nothing falls due within a day":           `SELECT count(*) = 9 AND min(next_execution_time) > now() + interval '1 day' FROM reminders WHERE active`,
		"most reminders are done":                  `SELECT count(*) > 50 AND max(next_execution_time) < now() FROM reminders WHERE NOT active`,
		"the total is the sum of the points": `SELECT count(*) = 5 AND bool_and(g.total_xp = x.sum AND g.current_level = 1 + g.total_xp / 100)
		    FROM user_gamification AS g JOIN (SELECT user_id, sum(amount) FROM xp_transactions GROUP BY user_id) AS x USING (user_id)`,
		"who talks waits for an invitation": `SELECT count(*) = 3 AND bool_and(telegram_id < 20) FROM users WHERE subscription_status = 'pending'`,
		"who is silent is a member":         `SELECT count(*) = 2 AND bool_and(telegram_id > 20) FROM users WHERE subscription_status = 'active'`,
		"who is silent has fewer points": `SELECT (SELECT max(total_xp) FROM user_gamification WHERE user_id > 20) <
		    (SELECT min(total_xp) FROM user_gamification WHERE user_id < 20)`,
		"a name is what it was":    `SELECT display_name = 'Lucía\' FROM users WHERE telegram_id = 13`,
		"pages are visible to all": `SELECT relallvisible >= relpages AND reltuples = 906 FROM pg_class WHERE relname = 'conversation_history'`,
	} {
		if !ask[bool](t, conn, sql) {
			t.Error(what + ": not so")
		}
	}
	for _, table := range []string{"conversation_history", "food_entries", "reminders"} {
		largest := ask[int64](t, conn, "SELECT max(id) FROM "+table)
		if next := ask[int64](t, conn, fmt.Sprintf("SELECT nextval(pg_get_serial_sequence('%s', 'id'))", table)); next != largest+1 {
			t.Errorf("%s goes on with %d after %d", table, next, largest)
		}
	}
}

func TestPastWithoutMessagesIsPeopleOnly(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	if err := past(0).Write(t.Context(), url, quiet); err != nil {
		t.Fatal(err)
	}
	conn := connect(t, url)
	counts := []int64{
		ask[int64](t, conn, "SELECT count(*) FROM users"), ask[int64](t, conn, "SELECT count(*) FROM conversation_history"),
		ask[int64](t, conn, "SELECT count(*) FROM user_gamification"),
	}
	if !slices.Equal(counts, []int64{5, 0, 2}) {
		t.Errorf("people, messages and progress: %v", counts)
	}
}
