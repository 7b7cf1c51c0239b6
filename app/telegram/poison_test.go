package telegram

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// message is a raw update with a text message from chat 7, the given members added or replaced.
func message(id int64, members string) string {
	return fmt.Sprintf(`{"update_id":%d,"message":{"message_id":9,"from":{"id":7,"first_name":"N"},"chat":{"id":7,"type":"private"},"date":1750000000,"text":"fine"%s}}`, id, members)
}

// Whatever an update holds, it is answered or parked with a reason, and what comes behind it is answered.
func TestPoison(t *testing.T) {
	t.Parallel()
	long := randomText(16_000)
	quoted, err := json.Marshal(long)
	if err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		name   string
		update string // %d: its id
		state  string // done, parked or lost: not even the id can be read
	}{
		{"plain", message(0, ``), "done"},
		{"unknown content", message(0, `,"text":null,"hologram":{"depth":3}`), "done"},
		{"paid media of a type unknown today", message(0, `,"text":null,"paid_media":{"paid_media":[{"type":"live_photo"}]}`), "done"},
		{"unknown origin", message(0, `,"forward_origin":{"type":"from_mars"}`), "done"},
		{"unknown kind", `{"update_id":%d,"telepathy":{"from":{"id":7},"chat":{"id":7}}}`, "parked"},
		{"kind with U+0000", `{"update_id":%d,"tele\u0000pathy":{}}`, "parked"},
		{"long kind", `{"update_id":%d,"` + strings.Repeat("ж", 300) + `":{}}`, "parked"},
		{"kind of sixty U+0000", `{"update_id":%d,"` + strings.Repeat(`\u0000`, 60) + `":{}}`, "parked"},
		{"no kind", `{"update_id":%d}`, "parked"},
		{"two kinds", `{"update_id":%d,"callback_query":{"id":"1","from":{"id":7}},"message":{"message_id":9,"from":{"id":7},"chat":{"id":7},"text":"x"}}`, "done"},
		{"two unknown kinds", `{"update_id":%d,"zeta":{},"alpha":{}}`, "parked"},
		{"U+0000 in the text", message(0, `,"text":"a\u0000b"`), "done"},
		{"lone surrogates", message(0, `,"text":"a\ud800b\udc00"`), "done"},
		{"lone surrogate in a name", message(0, `,"from":{"id":7,"first_name":"\ud83d"}`), "done"},
		{"huge number somewhere", message(0, `,"x":1e999999`), "done"},
		{"huge number as date", message(0, `,"date":1e999999`), "done"},
		{"huge number as message id", message(0, `,"message_id":1e999999`), "parked"},
		{"huge number as chat", message(0, `,"chat":{"id":1e999999}`), "parked"},
		{"date as string", message(0, `,"date":"tomorrow"`), "done"},
		{"date far away", message(0, `,"date":99999999999999`), "done"},
		{"negative date", message(0, `,"date":-5`), "done"},
		{"text as number", message(0, `,"text":42`), "done"},
		{"text as object", message(0, `,"text":{"a":1}`), "done"},
		{"from missing", `{"update_id":%d,"message":{"message_id":9,"chat":{"id":7},"text":"x"}}`, "parked"},
		{"from as text", message(0, `,"from":"me"`), "parked"},
		{"from without id", message(0, `,"from":{}`), "parked"},
		{"negative from", message(0, `,"from":{"id":-7}`), "parked"},
		{"chat null", message(0, `,"chat":null`), "parked"},
		{"chat as number", message(0, `,"chat":7`), "parked"},
		{"message as text", `{"update_id":%d,"message":"hello"}`, "parked"},
		{"message null", `{"update_id":%d,"message":null}`, "parked"},
		{"message as list", `{"update_id":%d,"message":[1]}`, "parked"},
		{"tap without id", `{"update_id":%d,"callback_query":{"from":{"id":7},"data":"x"}}`, "parked"},
		{"tap under a lost message", `{"update_id":%d,"callback_query":{"id":"77","from":{"id":7},"data":"x"}}`, "done"},
		{"membership of an unknown status", `{"update_id":%d,"my_chat_member":{"from":{"id":7},"chat":{"id":7},"new_chat_member":{"status":"dreaming"}}}`, "done"},
		{"16 kB of anything", message(0, `,"text":`+string(quoted)), "done"},
		{"right to left and control", message(0, `,"text":"\u202e\u200fabc\u0007\u001b[31m\u2066<b>&amp;"`), "done"},
		{"deep", message(0, `,"x":`+strings.Repeat("[", 500)+strings.Repeat("]", 500)), "done"},
		{"id as text", `{"update_id":"%d","message":{"message_id":9,"from":{"id":7},"chat":{"id":7},"text":"x"}}`, "lost"},
		{"id null", `{"update_id":null,"message":{}}`, "lost"},
		{"id negative", `{"update_id":-%d}`, "lost"},
		{"id zero", `{"update_id": 0}`, "lost"},
		{"id with a fraction", `{"update_id":%d.5}`, "lost"},
		{"id huge", `{"update_id":1e999999}`, "lost"},
		{"not an object", `[1,2]`, "lost"},
		{"a number", `42`, "lost"},
		{"null", `null`, "lost"},
		{"a text", `"hello"`, "lost"},
		{"nothing", `{}`, "lost"},
	}
	w := newWorld(t)
	ids := make([]int64, len(cases))
	for i, c := range cases {
		chat := int64(7000 + i)
		w.tg.Say(chat, "before")
		update := strings.Replace(c.update, `"update_id":0,`, `"update_id":%d,`, 1)
		update = strings.ReplaceAll(update, `"id":7`, fmt.Sprintf(`"id":%d`, chat))
		ids[i] = w.tg.SayRaw(update)
		w.tg.Say(chat, "behind")
	}
	w.start()
	lost := 0
	for i, c := range cases {
		chat := int64(7000 + i)
		w.eventually(c.name+": what is behind it is answered", func() bool {
			got := w.coach.handled(chat)
			return len(got) > 0 && got[len(got)-1] == "behind"
		})
		if c.state == "lost" {
			lost++
			continue
		}
		w.becomes(c.state, `SELECT state FROM inbox WHERE update_id = $1`, ids[i])
		reason := w.query(`SELECT error FROM inbox WHERE update_id = $1`, ids[i])
		if (c.state == "parked") != (len(reason) > 10) {
			t.Errorf("%s: reason %q", c.name, reason)
		}
	}
	if got, want := w.query(`SELECT count(*) FROM inbox`), fmt.Sprint(3*len(cases)-lost); got != want {
		t.Errorf("%s rows, want %s", got, want)
	}
	w.eventually("all is confirmed", func() bool { return w.tg.Stats().Unconfirmed == 0 })
	w.becomes("0", `SELECT count(*) FROM outbox WHERE state <> 'sent'`)
	if kept := w.query(`SELECT count(*) FROM inbox WHERE raw IS NULL AND kind <> 'refused'`); kept != "0" {
		t.Errorf("%s without their bytes", kept)
	}
	w.secretless("before", "behind", "hologram", long[:40])
}

func randomText(runes int) string {
	r := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for range runes {
		c := rune(r.IntN(utf8.MaxRune))
		if !utf8.ValidRune(c) {
			c = 'x'
		}
		b.WriteRune(c)
	}
	return b.String()
}

// The same id twice, in one answer and in two, is handled once.
func TestDuplicateIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, _ := w.tg.Say(7, "first")
	again := func(int64) json.RawMessage { return json.RawMessage(message(id, "")) }
	w.tg.Push(again)
	w.tg.Push(again)
	w.start()
	w.sent(7, 1)
	w.tg.Push(again)
	w.tg.Say(7, "last")
	w.sent(7, 2)
	if got := fmt.Sprint(w.texts(7)); got != "[echo first echo last]" {
		t.Error(got)
	}
	if c := w.svc.State().Counters; c.Duplicates < 3 || c.Handled != 2 {
		t.Errorf("%+v", c)
	}
}

func TestThousandInBursts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.start()
	for i := range 1000 {
		w.tg.Say(int64(1+i%10), fmt.Sprint(i))
		if i%333 == 0 {
			w.tg.SayRaw(`{"update_id":%d,"novelty":{}}`)
		}
	}
	for chat := range int64(10) {
		w.sent(chat+1, 100)
		for i, text := range w.texts(chat + 1) {
			if want := fmt.Sprint("echo ", int64(i)*10+chat); text != want {
				t.Fatalf("chat %d: %d is %q, want %q", chat+1, i, text, want)
			}
		}
	}
	w.becomes("4", `SELECT count(*) FROM inbox WHERE state = 'parked'`)
}

func FuzzGlanceAndRead(f *testing.F) {
	for _, s := range []string{
		message(5, ""), message(5, `,"text":42`), `{"update_id":1}`, `{}`, `[]`, `{"update_id":7,"callback_query":{"id":"1","from":{"id":7}}}`,
		`{"update_id":7,"my_chat_member":{"from":{"id":7},"chat":{"id":7},"new_chat_member":{"status":"kicked"}}}`,
		`{"update_id":7,"message":{"text":"/start@x y","from":{"id":1,"first_name":"\ud800"}}}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		u, err := glance(42, []byte(raw))
		var only struct {
			ID *int64 `json:"update_id"`
		}
		readable := json.Unmarshal([]byte(raw), &only) == nil && only.ID != nil && *only.ID > 0
		if err != nil {
			var exact map[string]json.RawMessage
			var id int64
			if readable && json.Unmarshal([]byte(raw), &exact) == nil && json.Unmarshal(exact["update_id"], &id) == nil && id > 0 {
				t.Fatalf("the id %d is lost: %v", id, err)
			}
			return
		}
		if u.ID <= 0 || u.BotID != 42 || len(u.Kind) == 0 || len(u.Kind) > 64 || !utf8.ValidString(u.Kind) {
			t.Fatalf("%+v", u)
		}
		in, err := read(u)
		if err == nil && (in.UserID <= 0 || !utf8.ValidString(in.Text) || !utf8.ValidString(in.Name)) {
			t.Fatalf("%+v", in)
		}
	})
}
