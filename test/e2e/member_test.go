package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"healthagent/app/rehearsal/botapi"
	"healthagent/app/rehearsal/stage"
	"healthagent/test/rig"
)

// withRedis is a world with a cache in Redis, whose every key can be looked at.
func withRedis(t *testing.T, settings ...string) (*world, *redis.Client) {
	t.Helper()
	url := rig.Redis(t)
	opt, err := redis.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(opt)
	t.Cleanup(func() { _ = client.Close() })
	return build(t, stage.Options{DatabaseURL: rig.Postgres(t), RedisURL: url, Settings: settings}), client
}

// cached says which keys of Redis hold words, in the key or in the value.
func (w *world) cached(client *redis.Client, words string) []string {
	w.t.Helper()
	keys, err := client.Keys(w.ctx, "*").Result()
	if err != nil {
		w.t.Fatal(err)
	}
	var found []string
	for _, key := range keys {
		value, err := client.Dump(w.ctx, key).Result() // of whatever type
		if err != nil && err != redis.Nil {
			w.t.Fatal(err)
		}
		if plain, err := client.Get(w.ctx, key).Result(); err == nil {
			value += plain // a dump may be compressed
		}
		if strings.Contains(key+value, words) {
			found = append(found, key)
		}
	}
	return found
}

// nowhere fails when words stand anywhere: in the database, in Redis, in the log.
func (w *world) nowhere(client *redis.Client, words string) {
	w.t.Helper()
	w.idle()
	for _, place := range w.everywhere(words) {
		w.t.Errorf("%q is stored in %s", words, place)
	}
	for _, key := range w.cached(client, words) {
		w.t.Errorf("%q is cached under %s", words, key)
	}
	if strings.Contains(w.log(1<<20), words) {
		w.t.Errorf("%q is in the log", words)
	}
}

// invite makes a code with the command line.
func (w *world) invite(args ...string) string {
	w.t.Helper()
	var made struct{ Code string }
	raw := w.run(append([]string{"invite", "create", "-o", "json"}, args...)...)
	if err := oneObject(raw, &made); err != nil || made.Code == "" {
		w.t.Fatalf("invite create said %q: %v", raw, err)
	}
	return made.Code
}

func (w *world) expect(m botapi.SentMessage, words string) {
	w.t.Helper()
	if !strings.Contains(m.Text, words) {
		w.t.Errorf("got %q, want %q in it", m.Text, words)
	}
}

const (
	refused  = "This bot is by invitation"
	badCode  = "That code is not valid"
	welcome  = "Welcome!"
	shutOut  = "has been ended by its administrator"
	theWords = "Quokkasecret"
)

// TestStrangersWordsAreNotKept looks for what a stranger wrote in every place there is.
func TestStrangersWordsAreNotKept(t *testing.T) {
	t.Parallel()
	w, client := withRedis(t)
	w.serve()
	const user = 500
	w.tg.SetUser(botapi.User{ID: user, FirstName: theWords + "name"})
	w.expect(w.ask(user, "I ate "+theWords), refused)
	w.expect(w.ask(user, "/remind tomorrow at 9 "+theWords), refused)
	w.expect(w.ask(user, "/"+theWords), refused)
	w.expect(w.ask(user, "/activate"), "/activate CODE")
	w.expect(w.ask(user, "/activate "+theWords), badCode)
	w.expect(w.ask(user, "/start "+theWords), badCode)
	_, first := w.tg.Say(user, "hello "+theWords)
	w.sent(user, 7)
	w.tg.Edit(user, first, "edited "+theWords)
	w.tg.Tap(user, 2, "u:"+theWords)
	w.tg.SayRaw(fmt.Sprintf(`{"update_id":%%d,"message":{"message_id":900,"from":{"id":%[1]d,"first_name":"%[2]s"},
		"chat":{"id":%[1]d,"type":"private"},"photo":[],"caption":"%[2]s"}}`, user, theWords))
	w.sent(user, 8)
	w.nowhere(client, theWords)
	if n := w.number(`SELECT count(*) FROM inbox WHERE raw IS NOT NULL`); n != 0 {
		t.Errorf("%d updates keep their bytes", n)
	}
	if n := w.number(`SELECT count(*) FROM users`); n != 0 {
		t.Errorf("%d people are known", n)
	}
	w.tg.SetUser(botapi.User{ID: user, FirstName: "Q"})
	w.expect(w.ask(user, "/start"), "by invitation")
	if got := w.texts(`SELECT subscription_status FROM users WHERE telegram_id = $1`, user); len(got) != 1 || got[0] != "pending" {
		t.Errorf("after /start they are %v", got)
	}
	w.expect(w.ask(user, "100 g "+theWords), refused)
	w.nowhere(client, theWords)
	w.balanced()
}

// TestInvitation tries every kind of code.
func TestInvitation(t *testing.T) {
	t.Parallel()
	w, _ := withRedis(t)
	w.serve()
	once, twice, revoked, expired := w.invite(), w.invite("--uses", "2"), w.invite(), w.invite("--expires", "1h")
	w.run("invite", "revoke", revoked)
	w.exec(`UPDATE invite_codes SET expires_at = now() - interval '1 second' WHERE code = $1`, expired)

	w.expect(w.ask(1, "/activate "+revoked), badCode)
	w.expect(w.ask(1, "/activate "+expired), badCode)
	w.expect(w.ask(1, "/activate NOSUCHCODE"), badCode)
	w.expect(w.ask(1, "100 g rice"), refused)
	w.expect(w.ask(1, "/activate "+once), welcome)
	w.expect(w.ask(1, "100 g rice"), "100 g")
	w.expect(w.ask(2, "/activate "+once), badCode)
	w.expect(w.ask(2, "  /ACTIVATE  "+strings.ToLower(twice)+" "), welcome)
	w.expect(w.ask(2, "/activate "+twice), "a member already")
	w.expect(w.ask(3, "/start "+twice), welcome) // a link with the code in it
	w.expect(w.ask(4, "/activate "+twice), badCode)
	w.balanced()
	if got := w.texts(`SELECT subscription_status FROM users ORDER BY telegram_id`); strings.Join(got, " ") != "active active active" {
		t.Errorf("statuses %v", got)
	}
	if n := w.number(`SELECT uses FROM invite_codes WHERE code = $1`, twice); n != 2 {
		t.Errorf("the code was used %d times", n)
	}
	for _, code := range []string{once, twice, revoked, expired} {
		if n := w.number(`SELECT count(*) FROM conversation_history WHERE upper(content) LIKE '%' || $1 || '%'`, code); n != 0 {
			t.Error("a code is in the history")
		}
		if n := w.number(`SELECT count(*) FROM inbox WHERE position(convert_to($1, 'UTF8') IN raw) > 0`, code); n != 0 {
			t.Error("a code is in the inbox")
		}
		if strings.Contains(w.log(1<<20), code) {
			t.Error("a code is in the log")
		}
	}
}

// TestCodeForManyAtOnce: a code for ten admits ten of forty who try at the same time.
func TestCodeForManyAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.serve()
	code := w.invite("--uses", "10")
	for user := range int64(40) {
		w.tg.Say(user+1, "/activate "+code)
	}
	welcomed := 0
	for user := range int64(40) {
		if strings.Contains(w.sent(user+1, 1)[0].Text, welcome) {
			welcomed++
		}
	}
	if n := w.number(`SELECT count(*) FROM users WHERE subscription_status = 'active'`); n != 10 || welcomed != 10 {
		t.Errorf("%d active, %d welcomed", n, welcomed)
	}
	w.balanced()
}

// TestDeactivatedAtOnce shuts somebody out whose row is cached, and lets them in again, time after time.
func TestDeactivatedAtOnce(t *testing.T) {
	t.Parallel()
	w, client := withRedis(t)
	w.members(1, 2)
	w.serve()
	for i := range 5 {
		w.expect(w.ask(1, fmt.Sprintf("%d g rice", 100+i)), fmt.Sprintf("%d g", 100+i))
		w.run("users", "deactivate", "1")
		w.expect(w.ask(1, "100 g "+theWords), shutOut)
		w.exec(`INSERT INTO reminders (user_id, message, next_execution_time) VALUES (1, 'wake', now())`)
		w.expect(w.ask(2, "50 g rice"), "50 g")
		w.run("users", "activate", "1")
		// what fell due meanwhile comes now
		w.wait("the reminder comes", func(*botapi.Transcript) bool {
			n := 0
			for _, m := range w.tg.Sent(1) {
				if strings.Contains(m.Text, "wake") {
					n++
				}
			}
			return n == i+1
		})
	}
	w.nowhere(client, theWords)
	w.balanced()
}

// TestOpenAccess serves a stranger at once.
func TestOpenAccess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "HEALTHAGENT_ACCESS=open")
	w.serve()
	w.expect(w.ask(7, "120 g rice"), "120 g")
	w.expect(w.ask(7, "/today"), "120 g")
	if got := w.texts(`SELECT subscription_status || ' ' || timezone FROM users`); len(got) != 1 || got[0] != "active UTC" {
		t.Errorf("they are %v", got)
	}
	w.balanced()
}

// TestAdminsNeedNoCode: an administrator is active at first contact, whatever that is.
func TestAdminsNeedNoCode(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "HEALTHAGENT_ADMINS=70,71")
	w.serve()
	w.expect(w.ask(70, "120 g rice"), "120 g")
	w.expect(w.ask(71, "/start"), "health coach")
	w.expect(w.ask(72, "120 g rice"), refused)
	if got := w.texts(`SELECT telegram_id || ' ' || subscription_status FROM users ORDER BY 1`); strings.Join(got, ",") != "70 active,71 active" {
		t.Errorf("they are %v", got)
	}
	w.balanced()
}

// TestForget removes a person who has something in every table, in two steps, and leaves others as they were.
func TestForget(t *testing.T) {
	t.Parallel()
	w, client := withRedis(t)
	w.serve()
	const gone, other = 777000123, 777000456
	const name = "Wombatname"
	w.tg.SetUser(botapi.User{ID: gone, FirstName: name})
	code := w.invite("--uses", "2")
	for _, user := range []int64{gone, other} {
		w.expect(w.ask(user, "/activate "+code), welcome)
		w.expect(w.ask(user, "/timezone Europe/Stockholm"), "Stockholm")
		w.expect(w.ask(user, "111 g rice"), "111 g")
		w.expect(w.ask(user, "/remind tomorrow at 9 "+theWords), theWords)
		w.ask(user, "/top on "+name)
		w.exec(`INSERT INTO reminders (user_id, message, next_execution_time) VALUES ($1, $2, now())`, user, theWords+" now")
		w.tap(user, w.sent(user, 6)[5], "Done")
	}
	w.run("users", "deactivate", fmt.Sprint(gone))
	w.run("users", "activate", fmt.Sprint(gone))
	w.idle()
	rest := w.belongings(other)

	question := w.ask(gone, "/forget")
	w.tap(gone, question, "No")
	w.becomes(question, "Nothing was deleted")
	if n := w.number(`SELECT count(*) FROM food_entries WHERE user_id = $1`, gone); n != 1 {
		t.Errorf("%d foods after No", n)
	}
	question = w.ask(gone, "/forget")
	w.tap(gone, question, "Yes")
	w.becomes(question, "Everything about you is deleted")
	w.nowhere(client, fmt.Sprint(gone))
	if n := w.number(`SELECT count(*) FROM users WHERE display_name = $1`, name); n != 0 {
		t.Error("the name is still there")
	}
	if now := w.belongings(other); now != rest {
		t.Errorf("somebody else's rows changed:\n%s\n%s", rest, now)
	}
	w.expect(w.ask(gone, "111 g rice"), refused)
	w.expect(w.ask(other, "/today"), "111 g")
	if n := w.number(`SELECT count(*) FROM users WHERE telegram_id = $1`, gone); n != 0 {
		t.Error("they are known again")
	}
	w.balanced()
}

// belongings is all that the tables of people hold of one of them.
func (w *world) belongings(user int64) string {
	w.t.Helper()
	all := map[string][]string{}
	for _, table := range []string{"conversation_history", "food_entries", "reminders", "reminder_occurrences", "user_gamification", "xp_transactions"} {
		all[table] = w.texts(`SELECT t::text FROM `+table+` AS t WHERE user_id = $1 ORDER BY 1`, user)
		if len(all[table]) == 0 {
			w.t.Errorf("nothing in %s to be left alone", table)
		}
	}
	raw, err := json.MarshalIndent(all, "", " ")
	if err != nil {
		w.t.Fatal(err)
	}
	return string(raw)
}
