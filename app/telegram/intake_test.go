package telegram

import (
	"fmt"
	"strings"
	"testing"

	"healthagent/test/rig"
)

// Nothing is acknowledged while the database cannot commit it, and all of it is answered when it can again.
func TestAcknowledgedOnlyAfterCommitDiskFull(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec(`
		CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$;
		CREATE TRIGGER full_disk BEFORE INSERT ON inbox FOR EACH ROW EXECUTE FUNCTION full_disk()`)
	w.start()
	for i := range 5 {
		w.tg.Say(7, fmt.Sprint("message ", i))
	}
	w.eventually("several tries", func() bool { return len(w.pauses()) >= 5 })
	trouble := w.svc.State().Trouble["inbox"]
	if !strings.Contains(trouble.Text, "disk is full") || trouble.Since.IsZero() {
		t.Errorf("trouble %+v", trouble)
	}
	if st := w.tg.Stats(); st.Confirmed != 0 || st.Unconfirmed != 5 {
		t.Errorf("acknowledged before the commit: %+v", st)
	}
	if state := w.svc.State(); !state.Polling || state.LastPoll.IsZero() {
		t.Errorf("state %+v", state)
	}
	w.exec(`DROP TRIGGER full_disk ON inbox`)
	w.sent(7, 5)
	w.eventually("all is well and confirmed", func() bool {
		return len(w.svc.State().Trouble) == 0 && w.tg.Stats().Unconfirmed == 0
	})
	want := "[echo message 0 echo message 1 echo message 2 echo message 3 echo message 4]"
	if got := fmt.Sprint(w.texts(7)); got != want {
		t.Errorf("sent %s", got)
	}
}

func TestServerAwayAndBack(t *testing.T) {
	t.Parallel()
	server := rig.Cluster(t)
	server.Migrate()
	w := newWorldAt(t, server.URL())
	w.start()
	w.tg.Say(7, "before")
	w.sent(7, 1)
	w.eventually("confirmed", func() bool { return w.tg.Stats().Unconfirmed == 0 })
	server.Kill()
	for i := range 20 {
		w.tg.Say(7, fmt.Sprint("meanwhile ", i))
		w.tg.Say(8, fmt.Sprint("meanwhile ", i))
	}
	before := len(w.pauses())
	w.eventually("several tries", func() bool { return len(w.pauses()) >= before+5 })
	if st := w.tg.Stats(); st.Unconfirmed != 40 {
		t.Errorf("acknowledged while the database was away: %+v", st)
	}
	if text := w.svc.State().Trouble["inbox"].Text; !strings.Contains(text, "stay with Telegram") {
		t.Errorf("trouble %q", text)
	}
	server.Start()
	for _, chat := range []int64{7, 8} {
		w.sent(chat, 20)
	}
	w.secretless("meanwhile", "before")
}

// A commit whose answer is lost is taken for a failure; what it committed must still be handled by this process.
func TestCommitWithLostAnswer(t *testing.T) {
	t.Parallel()
	url, swallowed := lossy(t, rig.Postgres(t), "swallow me")
	w := newWorldAt(t, url)
	w.start()
	w.tg.Say(7, "swallow me")
	w.sent(7, 1)
	if !swallowed() {
		t.Error("no answer was lost")
	}
	w.tg.Say(7, "and then")
	w.sent(7, 2)
	if got := fmt.Sprint(w.texts(7)); got != "[echo swallow me echo and then]" {
		t.Error(got)
	}
}
