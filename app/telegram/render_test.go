package telegram

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"healthagent/app/coach"
	"healthagent/store"
)

// params are those of a call, as Telegram is to get them.
func params(t *testing.T, o store.Outgoing) map[string]any {
	t.Helper()
	var p map[string]any
	if err := json.Unmarshal(o.Params, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRender(t *testing.T) {
	t.Parallel()
	in := coach.Incoming{UserID: 7, ChatID: 7, MessageID: 33, Kind: coach.Text, Private: true}
	long := strings.Repeat("word ", 2000)
	buttons := [][]coach.Button{{{Label: "Undo", Data: "u:1"}, {Label: "Edit", Data: "e:1"}}, {{Label: "Save", Data: "s:1"}}}
	calls, err := render(in, true, []coach.Out{
		{Kind: coach.Say, Class: store.Reply, HTML: long, Buttons: buttons, Erase: true},
		{Kind: coach.Say, Class: store.Digest, HTML: "ask", Ask: strings.Repeat("x", 100)},
		{Kind: coach.Change, Class: store.Reply, HTML: "changed", MessageID: 5, Buttons: buttons},
		{Kind: coach.Answer, Class: store.Reply, Note: strings.Repeat("🍳", 150)},
		{Kind: coach.Change, Class: store.Reply, HTML: long, MessageID: 6, Buttons: buttons},
	})
	if err != nil {
		t.Fatal(err)
	}
	var methods []string
	for _, c := range calls {
		methods = append(methods, fmt.Sprint(c.Method, " ", int(c.Class)))
		if c.ChatID != 7 {
			t.Errorf("chat %d", c.ChatID)
		}
	}
	want := "[sendMessage 1 sendMessage 1 sendMessage 1 sendMessage 3 editMessageText 1 answerCallbackQuery 0 editMessageText 1 sendMessage 1 sendMessage 1]"
	if got := fmt.Sprint(methods); got != want {
		t.Fatalf("%s", got)
	}
	for i, c := range calls[:3] {
		p := params(t, c)
		reply, _ := p["reply_parameters"].(map[string]any)
		if reply["message_id"] != 33.0 || reply["allow_sending_without_reply"] != true || !c.Erase || p["parse_mode"] != "HTML" {
			t.Errorf("part %d: %v", i, p)
		}
		if _, has := p["reply_markup"]; has != (i == 2) {
			t.Errorf("part %d: buttons %v", i, has)
		}
	}
	if markup, _ := json.Marshal(params(t, calls[3])["reply_markup"]); !strings.Contains(string(markup), `"force_reply":true`) || units(string(markup)) > 130 {
		t.Errorf("%s", markup)
	}
	if note := params(t, calls[5])["text"].(string); units(note) > 200 {
		t.Errorf("note of %d", units(note))
	}
	if p := params(t, calls[6]); p["message_id"] != 6.0 || p["reply_markup"] == nil {
		t.Errorf("%v", p)
	}
	if p := params(t, calls[8]); p["reply_markup"] != nil {
		t.Errorf("buttons twice: %v", p)
	}
}

// A reply points at its message only when it would be in doubt, and never in answer to a button or out of the blue.
func TestQuotes(t *testing.T) {
	t.Parallel()
	out := []coach.Out{{Kind: coach.Say, Class: store.Reply, HTML: "x"}}
	for _, c := range []struct {
		name  string
		in    coach.Incoming
		quote bool
		want  bool
	}{
		{"alone", coach.Incoming{ChatID: 7, MessageID: 3, Kind: coach.Text}, false, false},
		{"one of several", coach.Incoming{ChatID: 7, MessageID: 3, Kind: coach.Text}, true, true},
		{"a photo of several", coach.Incoming{ChatID: 7, MessageID: 3, Kind: coach.Media}, true, true},
		{"a tap", coach.Incoming{ChatID: 7, MessageID: 3, Kind: coach.Tapped}, true, false},
		{"a reminder", coach.Incoming{ChatID: 7}, true, false},
	} {
		calls, err := render(c.in, c.quote, out)
		if err != nil {
			t.Fatal(err)
		}
		if got := params(t, calls[0])["reply_parameters"] != nil; got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	w := newWorld(t)
	for _, text := range []string{"first", "second", "third"} {
		w.tg.Say(7, text)
	}
	w.tg.Say(8, "alone")
	w.start()
	w.sent(7, 3)
	w.sent(8, 1)
	replies := ""
	for _, m := range w.tg.Sent(7) {
		replies += fmt.Sprint(m.ReplyTo, " ")
	}
	if replies != "1 2 3 " || w.tg.Sent(8)[0].ReplyTo != 0 {
		t.Errorf("replies to %s and %d", replies, w.tg.Sent(8)[0].ReplyTo)
	}
}

// What a person wrote comes back to them whatever it is.
func TestAnyTextIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	texts := []string{"a\x00b", "\ufffd", "<script>&amp;", "\u202e\u200f", strings.Repeat("🍳", 5000), "'\"`", randomText(2000)}
	for i, text := range texts {
		w.tg.Say(int64(100+i), text)
	}
	w.start()
	for i := range texts {
		w.sent(int64(100+i), 1)
	}
	w.becomes("0", `SELECT count(*) FROM outbox WHERE state <> 'sent'`)
	if errs := w.tg.Stats().Errors; len(errs) != 0 {
		t.Errorf("%v", errs)
	}
}
