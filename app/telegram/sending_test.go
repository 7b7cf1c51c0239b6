package telegram

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"healthagent/app/rehearsal/botapi"
	"healthagent/store"
)

func TestBlockedPersonIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`INSERT INTO users (telegram_id) VALUES (1), (2)`)
	w.meet(1, 2)
	w.tg.Block(1)
	w.commit(w.calls(1, store.Reply, numbered(50)...)...)
	w.commit(w.calls(2, store.Reply, "still")...)
	w.sender()
	w.sent(2, 1)
	w.becomes("f t", `SELECT string_agg((unreachable_at IS NULL)::text::char(1), ' ' ORDER BY telegram_id) FROM users`)
	w.becomes("dropped 49, failed 1, sent 1", `SELECT string_agg(state || ' ' || n, ', ' ORDER BY state)
		FROM (SELECT state, count(*) AS n FROM outbox GROUP BY state) AS s`)
	if c := w.svc.State().Counters; c.Unreachable != 1 {
		t.Errorf("%+v", c)
	}
}

// The token is part of every URL of the Bot API: whoever quotes one in an answer must not carry it onto a screen or into a row.
func TestTokenInAnAnswer(t *testing.T) {
	t.Parallel()
	w, _, snd := paced(t, Rate{})
	w.meet(1, 2)
	said := "look at http://x/bot" + token + "/sendMessage"
	w.tg.Fault(botapi.Fault{Methods: []string{"sendMessage"}, ChatID: 1, Status: 400, Description: said, Times: 1})
	w.tg.Fault(botapi.Fault{Methods: []string{"sendMessage"}, ChatID: 2, Status: 500, Description: said})
	w.commit(w.calls(1, store.Reply, "one")...)
	w.commit(w.calls(2, store.Reply, "two")...)
	w.send(snd)
	w.becomes("failed", `SELECT state FROM outbox WHERE chat_id = 1`)
	w.becomes("f", `SELECT (strpos(error, 'secret') > 0)::text::char(1) FROM outbox WHERE chat_id = 1`)
	w.eventually("trouble", func() bool { return w.svc.State().Trouble["sending"].Text != "" })
	w.secretless()
}

// Whatever Telegram's servers do, nothing is lost and each chat keeps its order.
func TestSendingSurvives(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]botapi.Fault{
		"bad gateway": {Mode: botapi.Page}, "internal": {Status: 500}, "garbage": {Mode: botapi.Garbage},
		"dropped": {Mode: botapi.DropBefore}, "hang": {Mode: botapi.Hang}, "revoked": {Status: 401}, "unknown status": {Status: 418},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, _, snd := paced(t, Rate{})
			if f.Mode == botapi.Hang {
				w.svc.callTime = 100 * time.Millisecond
			}
			f.Methods = []string{"sendMessage"}
			w.tg.Fault(f)
			for chat := range int64(5) {
				w.meet(chat + 1)
				w.commit(w.calls(chat+1, store.Reply, numbered(4)...)...)
			}
			w.send(snd)
			w.eventually("several tries", func() bool { return w.svc.State().Counters.Retried >= 20 })
			if trouble := w.svc.State().Trouble["sending"]; trouble.Text == "" {
				t.Error("nothing is said")
			}
			w.tg.ClearFaults()
			for chat := range int64(5) {
				w.sent(chat+1, 4)
				w.eventually("the last", func() bool { return slices.Contains(w.texts(chat+1), "3") })
				if !slices.Equal(slices.Compact(w.texts(chat+1)), numbered(4)) { // on a slow machine one may come twice
					t.Errorf("%v", w.texts(chat+1))
				}
			}
			w.becomes("20", `SELECT count(*) FROM outbox WHERE state = 'sent'`)
			if len(w.svc.State().Trouble) != 0 {
				t.Errorf("%+v", w.svc.State().Trouble)
			}
			w.secretless()
		})
	}
}

// One message that Telegram never takes holds nobody else up, and in the end not even its own chat.
func TestOneMessageThatAlwaysFails(t *testing.T) {
	t.Parallel()
	w, clock, snd := paced(t, Rate{})
	w.meet(1, 2)
	w.tg.Fault(botapi.Fault{Methods: []string{"sendMessage"}, ChatID: 1, Status: 500})
	w.commit(w.calls(1, store.Reply, "bad", "good")...)
	w.commit(w.calls(2, store.Reply, "mine")...)
	start := clock.Now()
	stop := w.send(snd)
	w.sent(2, 1)
	if wait := w.tg.Sent(2)[0].Time.Sub(start); wait > time.Second {
		t.Errorf("the others waited %s", wait)
	}
	for i := 2; w.svc.State().Counters.Refused == 0; i++ {
		w.post(2, store.Reply, "more")
		w.sent(2, i)
	}
	w.tg.ClearFaults()
	w.becomes("failed sent", `SELECT string_agg(state, ' ' ORDER BY id) FROM outbox WHERE chat_id = 1`)
	if reason := w.query(`SELECT error FROM outbox WHERE state = 'failed'`); !strings.Contains(reason, "500") {
		t.Error(reason)
	}
	stop()
	if !snd.pace.pause.IsZero() {
		t.Error("everybody was held back")
	}
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, description string
		status            int
		state, reason     string
	}{
		{"not modified", "Bad Request: message is not modified: specified new…", 400, "sent", ""},
		{"too old", "Bad Request: query is too old and response timeout expired or query ID is invalid", 400, "sent", ""},
		{"nothing to edit", "Bad Request: message to edit not found", 400, "sent", ""},
		{"empty", "Bad Request: message text is empty", 400, "failed", "message text is empty"},
		{"quoting", `Bad Request: wrong parameter "my health" in request`, 400, "failed", "wrong parameter …"},
		{"chat not found", "Bad Request: chat not found", 400, "failed", "chat not found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.meet(1)
			w.tg.Fault(botapi.Fault{Methods: []string{"sendMessage"}, Status: c.status, Description: c.description, Times: 1})
			w.commit(w.calls(1, store.Reply, "a")...)
			w.sender()
			w.becomes(c.state, `SELECT state FROM outbox`)
			if got := w.query(`SELECT coalesce(error, '') FROM outbox`); !strings.Contains(got, c.reason) || strings.Contains(got, "health") {
				t.Errorf("reason %q", got)
			}
			w.post(1, store.Reply, "b")
			w.sent(1, 1)
			w.secretless("health")
		})
	}
}

func TestStrangeRows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.meet(1)
	insert := func(method, params string, erase bool) {
		w.exec(`INSERT INTO outbox (chat_id, class, method, params, erase) VALUES (1, 1, $1, $2, $3)`, method, json.RawMessage(params), erase)
	}
	insert("sendHologram", `{}`, false)
	insert("sendMessage", `{"text":42}`, false)
	insert("sendMessage", `[]`, false)
	insert("sendMessage", `{"text":"<b>half &amp; half","parse_mode":"HTML"}`, false)
	insert("sendMessage", `{"text":"forget me","parse_mode":"HTML"}`, true)
	insert("sendMessage", `{"text":""}`, true)
	insert("sendMessage", `{"text":"last","chat_id":"somebody else"}`, false)
	w.sender()
	w.becomes("failed failed failed sent sent", `SELECT string_agg(state, ' ' ORDER BY id) FROM outbox WHERE state <> 'pending'`)
	if got := fmt.Sprint(w.texts(1)); got != "[half & half forget me last]" {
		t.Error(got)
	}
	if n := w.query(`SELECT count(*) FROM outbox WHERE erase`); n != "0" {
		t.Errorf("%s rows were to be erased", n)
	}
}

// A process that dies between the call and the record sends again: at least once, never skipped.
func TestCrashBetweenSendAndRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.meet(1)
	w.exec(`
		CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '57P01'; END $$;
		CREATE TRIGGER refuse BEFORE UPDATE ON outbox FOR EACH ROW EXECUTE FUNCTION refuse()`)
	w.commit(w.calls(1, store.Reply, numbered(5)...)...)
	snd := w.svc.newSender()
	ctx, cancel := context.WithCancel(context.Background())
	died := make(chan struct{})
	go func() { defer close(died); snd.run(ctx, ctx) }()
	w.sent(1, 5)
	w.eventually("the trouble is said", func() bool { return w.svc.State().Trouble["outbox"].Text != "" })
	if n := len(w.tg.Sent(1)); n != 5 {
		t.Errorf("%d sent while nothing could be recorded", n)
	}
	cancel()
	<-died
	w.exec(`DROP TRIGGER refuse ON outbox`)
	w.sender()
	w.becomes("5", `SELECT count(*) FROM outbox WHERE state = 'sent'`)
	if got := w.texts(1); !slices.Equal(got, slices.Concat(numbered(5), numbered(5))) {
		t.Errorf("%v", got)
	}
}

// The answer is lost after Telegram did it: it is sent again, once, and in order.
func TestAnswerOfASendIsLost(t *testing.T) {
	t.Parallel()
	w, _, snd := paced(t, Rate{})
	w.meet(1)
	w.tg.Fault(botapi.Fault{Methods: []string{"sendMessage"}, Mode: botapi.DropAfter, Times: 1})
	w.commit(w.calls(1, store.Reply, "a", "b")...)
	w.send(snd)
	w.sent(1, 3)
	if got := fmt.Sprint(w.texts(1)); got != "[a a b]" {
		t.Error(got)
	}
}
