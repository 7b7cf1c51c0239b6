package botapi_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"healthagent/app/rehearsal/botapi"
)

// send is a message that every fault test tries.
const hello = `{"chat_id":7,"text":"hello"}`

func TestRefusingFaults(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.srv.Say(7, "hi")
	r.srv.Say(8, "hi")
	r.srv.Fault(botapi.Fault{Methods: []string{"SENDMESSAGE"}, ChatID: 7, Status: 429, RetryAfter: 60, Times: 2})
	r.srv.Fault(botapi.Fault{Methods: []string{"sendMessage"}, ChatID: 7, Status: 403, Description: "Forbidden: user is deactivated", Times: 1})
	r.srv.Fault(botapi.Fault{Methods: []string{"getMe"}})
	r.accept("sendMessage", `{"chat_id":8,"text":"hello"}`)
	r.refuse("sendMessage", hello, 429, "retry after 60")
	if a := r.post("sendMessage", hello); a.Parameters.RetryAfter != 60 || a.header.Get("Retry-After") != "60" {
		t.Errorf("%+v", a)
	}
	r.refuse("sendMessage", hello, 403, "Forbidden: user is deactivated")
	r.accept("sendMessage", hello)
	r.refuse("getMe", "", 500, "Internal Server Error")
	r.refuse("getMe", "", 500, "Internal Server Error")
	r.srv.ClearFaults()
	r.accept("getMe", "")
	if st := r.srv.Stats(); st.Faults != 5 || st.TooMany != 0 || len(r.srv.Sent(7)) != 1 {
		t.Errorf("stats %+v", st)
	}
}

func TestPageAndGarbage(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.srv.Say(7, "hi")
	r.srv.Fault(botapi.Fault{Mode: botapi.Page, Times: 1})
	r.srv.Fault(botapi.Fault{Mode: botapi.Garbage, Times: 1})
	resp, err := http.Post(r.url+"/bot"+token+"/sendMessage", "application/json", strings.NewReader(hello))
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if resp.StatusCode != 502 || !strings.Contains(string(raw), "<h1>502 Bad Gateway</h1>") {
		t.Errorf("%d %s", resp.StatusCode, raw)
	}
	if _, err := r.try(t.Context(), "sendMessage", hello); err == nil {
		t.Error("garbage was understood")
	}
	if n := len(r.srv.Sent(7)); n != 0 {
		t.Errorf("%d messages went through", n)
	}
}

func TestDroppedConnections(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.srv.Say(7, "hi")
	for mode, sent := range map[botapi.Mode]int{botapi.DropBefore: 0, botapi.DropAfter: 1} {
		before := len(r.srv.Sent(7))
		r.srv.Fault(botapi.Fault{Methods: []string{"sendMessage"}, Mode: mode, Times: 1})
		if _, err := r.try(t.Context(), "sendMessage", hello); err == nil {
			t.Errorf("mode %d was answered", mode)
		}
		if n := len(r.srv.Sent(7)) - before; n != sent {
			t.Errorf("mode %d sent %d messages, want %d", mode, n, sent)
		}
	}
	// A poll whose answer is lost has confirmed all the same.
	r.srv.Say(7, "there")
	r.srv.Fault(botapi.Fault{Methods: []string{"getUpdates"}, Mode: botapi.DropAfter, Times: 1})
	if _, err := r.try(t.Context(), "getUpdates", `{"offset":101}`); err == nil {
		t.Error("poll was answered")
	}
	wantIDs(t, r.updates(`{}`), 101)
}

func TestHang(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	r.srv.Say(7, "hi")
	r.srv.Fault(botapi.Fault{Methods: []string{"sendMessage"}, Mode: botapi.Hang})
	struck := func(n int) {
		t.Helper()
		if err := r.srv.Wait(t.Context(), func(tr *botapi.Transcript) bool { return tr.Stats().Faults == n }); err != nil {
			t.Fatal(err)
		}
	}
	hang := func(ctx context.Context) chan error {
		done := make(chan error, 1)
		go func() { _, err := r.try(ctx, "sendMessage", hello); done <- err }()
		return done
	}
	ctx, cancel := context.WithCancel(t.Context())
	patient := hang(t.Context())
	struck(1)
	hasty := hang(ctx)
	struck(2)
	cancel()
	if err := <-hasty; err == nil {
		t.Error("the hasty one was answered")
	}
	r.srv.ClearFaults()
	if err := <-patient; err == nil {
		t.Error("the patient one was answered")
	}
	r.accept("sendMessage", hello)
	r.srv.Fault(botapi.Fault{Mode: botapi.Hang})
	last := hang(t.Context())
	struck(3)
	r.srv.Close()
	if err := <-last; err == nil {
		t.Error("answered while closing")
	}
}

func TestOutage(t *testing.T) {
	t.Parallel()
	r := newRig(t, nil)
	done := make(chan error)
	go func() { _, err := r.try(t.Context(), "getUpdates", `{"timeout":50}`); done <- err }()
	<-r.clock.asked
	r.srv.Outage(true)
	if err := <-done; err == nil {
		t.Error("poll survived")
	}
	if _, err := r.try(t.Context(), "getMe", ""); err == nil {
		t.Error("answered during the outage")
	}
	r.srv.Say(7, "anyone there?")
	r.srv.Outage(false)
	wantIDs(t, r.updates(`{}`), 100)
}
