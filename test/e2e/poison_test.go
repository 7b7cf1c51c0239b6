package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// planted is in every strange text, so that it can be looked for where it must not be.
const planted = "Zk7planted"

// poison is one strange update.
type poison struct {
	update string // "%d" is its id
	text   string // what the history must hold of it, exactly
	silent bool   // it is parked: nothing is answered and nothing stored
}

// TestPoison mixes strange updates with ordinary talk. Nothing stops, all ordinary talk is answered, every text is stored exactly.
func TestPoison(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	c := newCrowd(w, few)
	w.serve()
	c.round()
	c.answered()

	poisons := strangeUpdates(firstStranger)
	w.members(firstStranger, firstStranger+int64(len(poisons)))
	parked := 0
	for i, p := range poisons {
		if i%3 == 0 {
			c.round()
		}
		w.tg.SayRaw(p.update)
		if p.silent {
			parked++
		}
	}
	w.tg.SayRaw(`{"update_id":"%d","message":{"text":"` + planted + `"}}`) // not even an id
	c.round()
	c.answered()
	w.idle()
	for i, p := range poisons {
		user := firstStranger + int64(i)
		stored := w.texts(`SELECT content FROM conversation_history WHERE user_id = $1 AND role = 'user'`, user)
		answers := len(w.tg.Sent(user))
		switch {
		case p.silent && (answers > 0 || len(stored) > 0):
			t.Errorf("%.120q: %d answers, %d rows", p.update, answers, len(stored))
		case !p.silent && answers == 0:
			t.Errorf("%.120q is not answered", p.update)
		case !p.silent && !slices.Equal(stored, []string{p.text}):
			t.Errorf("%.120q: stored %.120q", p.update, stored)
		}
	}
	if q := w.snapshot().Queues; q.Parked != parked || q.Dead != 0 || q.Failed != 0 {
		t.Errorf("queues %+v, want %d parked", q, parked)
	}
	w.stillRunning(w.Daemon)
	c.check()
	log := w.log(1 << 20)
	_, secret, _ := strings.Cut(w.Token(), ":")
	for _, word := range []string{planted, secret, "chicken"} {
		if strings.Contains(log, word) {
			t.Errorf("the log holds %q", word)
		}
	}
	if len(log) == 0 {
		t.Error("there is no log")
	}
}

// firstStranger is the id of the first person who sends strange things; each sends one.
const firstStranger = 1001

// strangeUpdates are of the people from first on.
func strangeUpdates(first int64) []poison {
	var all []poison
	next := func() int64 { return first + int64(len(all)) }
	// a text as it stands in JSON, without the quotes, and as it must be stored
	text := func(escaped, want string) {
		all = append(all, poison{text: want, update: fmt.Sprintf(`{"update_id":%%d,"message":{"message_id":7,"date":1767225600,`+
			`"from":{"id":%[1]d,"is_bot":false,"first_name":"P"},"chat":{"id":%[1]d,"type":"private"},"text":"%[2]s"}}`, next(), escaped)})
	}
	// the rest of a message that has a sender and a chat
	message := func(rest, want string) {
		all = append(all, poison{text: want, update: fmt.Sprintf(`{"update_id":%%d,"message":{"message_id":7,`+
			`"from":{"id":%[1]d,"is_bot":false,"first_name":"P"},"chat":{"id":%[1]d,"type":"private"}%[2]s}}`, next(), rest)})
	}
	silent := func(rest string) {
		all = append(all, poison{silent: true, update: fmt.Sprintf(`{"update_id":%%d,%s}`, strings.ReplaceAll(rest, "USER", fmt.Sprint(next())))})
	}
	plain := func(s string) {
		raw, err := json.Marshal(s)
		if err != nil {
			panic(err)
		}
		text(string(raw[1:len(raw)-1]), s)
	}

	// deeper than any decoder goes: the answer that holds it does not decode as a whole
	silent(`"message":{"x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000) + `}`)
	text(planted+`\u0000tail`, planted+"\ufffdtail")
	text(`\u0000`, "\ufffd")
	text(planted+`\ud83d tail`, planted+"\ufffd tail")
	text(`\udc00\ud800`, "\ufffd\ufffd")
	text(planted+"\xff\xfe raw bytes", planted+"\ufffd\ufffd raw bytes")
	text("", "")
	plain("     ")
	plain("\u00a0\u2003\u200b \t\n")
	plain(strings.Repeat("🍕", 4096))
	plain("<b>&lt;</i> " + planted + " &amp;&#x41; <a href='x'>")
	plain("\u202e" + planted + " evil\u202c \u200f\u061c\u2066שלום")
	plain(planted + "\x01\x02\x1b[31m\x7f\u0085\u2028\u2029\ufeff\uffff\U0010ffff")
	plain(randomCodePoints(16 << 10))
	plain(planted + strings.Repeat("e\u0301\u0323", 3000))
	plain("'; DROP TABLE users; -- " + planted + ` \x00 \N $1 %s %d {{.}}`)
	plain("/" + planted + " \u202e")
	plain("/remind every " + planted + " at 25:99 \U0001f4a9")
	plain("undo")
	plain(strings.Repeat("9", 4000) + " g rice")
	plain("1e999999 g rice " + planted)
	plain("-5 eggs " + planted)

	message(`,"date":1e999999,"text":"`+planted+` date"`, planted+" date")
	message(`,"date":"yesterday","entities":"none","text":"`+planted+` wrong types"`, planted+" wrong types")
	message(`,"date":1767225600,"text":12345`, "")
	message(`,"date":1767225600,"text":{"a":["`+planted+`"]}`, "")
	message(`,"date":1767225600,"live_hologram":{"x":1e999999,"y":"\ud800"},"caption":"`+planted+`"`, planted)
	message(`,"date":1767225600,"paid_media":{"star_count":5,"paid_media":[{"type":"live_photo"}]}`, "")
	message(`,"date":1767225600,"forward_origin":{"type":"from_the_moon"},"text":"`+planted+` forwarded"`, planted+" forwarded")
	message(`,"date":1767225600,"reply_to_message":"`+planted+`","text":"reply"`, "reply")
	message(`,"text":"`+planted+` first","text":"`+planted+` twice"`, planted+" twice")

	silent(`"chat_boost_v9":{"user":{"id":USER},"note":"` + planted + `"}`)
	silent(`"message_from_the_future":[1e999999,"\u0000","` + planted + `"]`)
	silent(`"message":"` + planted + `"`)
	silent(`"message":17`)
	silent(`"message":null`)
	silent(`"message":{"message_id":7,"from":{"id":"USER"},"chat":{"id":USER,"type":"private"},"text":"` + planted + `"}`)
	silent(`"message":{"message_id":7,"from":{"id":1e999999},"chat":{"id":1e999999},"text":"` + planted + `"}`)
	silent(`"message":{"message_id":7,"from":{"id":99999999999999999999},"chat":{"id":-99999999999999999999},"text":"` + planted + `"}`)
	silent(`"message":{"message_id":"seven","from":{"id":USER},"chat":{"id":USER,"type":"private"},"text":"` + planted + `"}`)
	silent(`"callback_query":{"id":5,"from":{"id":USER},"data":["` + planted + `"]}`)
	silent(`"\u0000\ud800` + strings.Repeat("k", 300) + `":{"text":"` + planted + `"}`)
	return all
}

// randomCodePoints is a valid text of at least n bytes of everything that Unicode has room for, assigned or not.
func randomCodePoints(n int) string {
	random := rand.New(rand.NewPCG(4, 2))
	var b strings.Builder
	for b.Len() < n {
		if r := rune(1 + random.IntN(utf8.MaxRune)); utf8.ValidRune(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}
