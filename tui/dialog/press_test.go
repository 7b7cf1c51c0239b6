package dialog_test

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"healthagent/tui/act"
	"healthagent/tui/internal/frame"
	"healthagent/tui/source"
	"healthagent/tui/source/fixture"
)

// hinted are the keys that the last line of a frame names.
func hinted(view string) []string {
	lines := strings.Split(view, "\n")
	var keys []string
	for _, part := range regexp.MustCompile(` {2,}`).Split(strings.TrimSpace(lines[len(lines)-1]), -1) {
		if key, _, named := strings.Cut(part, " "); named {
			keys = append(keys, strings.TrimSuffix(key, "/k"))
		}
	}
	return keys
}

// TestTheLastLineNamesWhatWorks: every key that is named does something, and every state but the one that waits for an answer names one.
func TestTheLastLineNamesWhatWorks(t *testing.T) {
	t.Parallel()
	for name, make := range states(frame.Mono()) {
		for _, size := range frame.GoldenSizes() {
			view := draw(make(), body(size))
			keys := hinted(view)
			if len(keys) == 0 && name != "starting" {
				t.Errorf("%s at %s names no key", name, size)
			}
			for _, key := range keys {
				s := make()
				draw(s, body(size))
				out := s.Press(key, false, s.now)
				again := name == "preview_too_quick" || name == "typing_wrong" // it is said already why not
				if len(out) == 0 && s.View() == view && !again {
					t.Errorf("%s at %s: %s does nothing", name, size, key)
				}
			}
		}
	}
}

// TestTheFirstThingsAreSeen: also where there is next to no room.
func TestTheFirstThingsAreSeen(t *testing.T) {
	t.Parallel()
	for name, texts := range map[string][]string{
		"preview":          {"INDEX ONLY", "8 indexes", "x555 get_conversation_history", "pid 4121 pg_dump", "y roll back now", "esc leave"},
		"preview_losing":   {"x 812 rows of audit_log are lost", "41200 rows of outbox are lost", "LOSES ROWS", "011"},
		"preview_session":  {"pid 4188", "healthagent", "idle in transaction for 40s", "lock_progress", "3 sessions"},
		"preview_cancel":   {"pid 4190", "save_progress", "1 session", "y cancel it now"},
		"preview_apply":    {"8 indexes", "about 41s", "112MB of disk", "y apply now"},
		"preview_index":    {"1 index", "20MB", "x3.1 get_food_favourites", "y drop it now"},
		"typing":           {"type 42012", ": 42_", "esc back"},
		"typing_wrong":     {"not done: still to be typed: 012"},
		"refused":          {"NOT POSSIBLE", "differs from what was applied"},
		"busy":             {"uid 1000 (anna)", "enter"},
		"changed":          {"asked anew", "has changed"},
		"preview_down":     {"does not answer"},
		"preview_other":    {"APPLYING 018 is under way"},
		"preview_direct":   {"rows of audit_log"},
		"running":          {"3 of 8", "00:31", "idx_reminders_next_execution", "pid 4188", "c stop", "X cancel"},
		"building":         {"0 of 8", "60%", "scanning"},
		"stop_after":       {"stop after step 4 of 8?", "y stop it", "esc let it run"},
		"stop_step":        {"cancel step 4?", "y stop it"},
		"stopping":         {"STOPPING after the step at work"},
		"lost":             {"DOES NOT ANSWER", "OLD"},
		"done":             {"DONE", "8 of 8 indexes dropped", "VERDICT SO FAR", "worse", "74.1ms", "x32", "z undo"},
		"judged":           {"VERDICT  worse"},
		"partial":          {"STOPPED HALF-WAY", "INVALID", "r finish", "z restore"},
		"failed":           {"NOTHING WAS CHANGED", "migration lock"},
		"unknown_run":      {"NOT KNOWN HOW IT ENDED", "r finish", "z restore"},
		"unknown_begun":    {"NOT KNOWN WHETHER IT BEGAN", "It is not asked for again by itself"},
		"preparing":        {"roll back 017", "1.2s so far"},
		"starting":         {"asked for"},
		"preview_sql":      {"SQL", "DROP INDEX CONCURRENTLY"},
		"preview_no_trial": {"8 indexes 112MB"},
	} {
		for _, size := range frame.GoldenSizes() {
			view := draw(states(frame.Mono())[name](), body(size))
			plain := strings.Join(strings.Fields(view), " ")
			for _, text := range texts {
				if size.Width >= 60 && (text == "8 indexes" || text == "1 index" || text == "8 indexes 112MB" || strings.HasPrefix(text, "x555") || strings.HasPrefix(text, "x3.1")) {
					continue // told by the tables there
				}
				words := []string{strings.Join(strings.Fields(text), " ")}
				if size.Width >= 120 { // two columns: a sentence is not in one piece
					words = strings.Fields(text)
				}
				for _, word := range words {
					if !strings.Contains(plain, word) {
						t.Errorf("%s at %s does not say %q:\n%s", name, size, word, view)
					}
				}
			}
		}
	}
}

// TestTypedLettersAreText: none of them scrolls, opens the SQL or leaves.
func TestTypedLettersAreText(t *testing.T) {
	t.Parallel()
	s := states(frame.Mono())["typing"]()
	draw(s, frame.Size{Width: 80, Height: 23})
	s.press("ctrl+u", "v", "j", "k", "g", "G", "q", "b")
	if view := s.View(); !strings.Contains(view, "enter: vjkgGqb_") {
		t.Errorf("typed:\n%s", view)
	}
	s.press("tab", "pgdown", "down", "esc")
	if s.State() != act.Preview {
		t.Errorf("it is %s", s.State())
	}
}

// TestWhatIsNotSeenIsNotAnswered: while the SQL covers the preview a y counts for nothing.
func TestWhatIsNotSeenIsNotAnswered(t *testing.T) {
	t.Parallel()
	s := open(frame.Mono(), fixture.PreviewRollback())
	draw(s, frame.Size{Width: 80, Height: 23})
	s.press("v", "y", "enter")
	if s.did.Token != "" || s.State() != act.Preview {
		t.Fatalf("done: %+v", s.did)
	}
	s.press("y")
	if s.did.Token != fixture.Token {
		t.Errorf("not done: %s", s.State())
	}
}

func TestCopyIsWhole(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"preview":     {"ROLL BACK 017 ?", "DROP INDEX CONCURRENTLY", "pid 4121", "get_conversation_history", "x555"},
		"preview_sql": {"DROP INDEX CONCURRENTLY"},
		"done":        {"ROLLED BACK 017", "by uid 0 (root)", "worse", "idx_reminders_next_execution"},
		"partial":     {"cancelled by"},
	} {
		s := states(frame.Mono())[name]()
		out := s.Press("Y", false, s.now)
		if len(out) != 1 || reflect.TypeOf(out[0]) != reflect.TypeFor[act.Copy]() {
			t.Fatalf("%s: %v", name, out)
		}
		text := strings.Join(strings.Fields(out[0].(act.Copy).Text), " ")
		for _, part := range want {
			if !strings.Contains(text, part) {
				t.Errorf("%s lacks %q:\n%s", name, part, text)
			}
		}
	}
}

func TestTitleAndBusy(t *testing.T) {
	t.Parallel()
	all := states(frame.Mono())
	for name, want := range map[string]string{
		"preparing": "ROLL BACK 017 ?", "preview": "ROLL BACK 017 ?", "typing": "ROLL BACK 010 ?", "begun": "ROLL BACK 017", "running": "ROLLING BACK 017",
		"stop_step": "ROLLING BACK 017", "done": "ROLLED BACK 017", "partial": "ROLLBACK OF 017 IS PARTIAL", "unknown_begun": "ROLL BACK 017",
	} {
		if got := all[name]().Title(); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	for name, want := range map[string]bool{"preparing": true, "preview": false, "starting": true, "running": true, "done": false, "unknown_begun": false} {
		if got := all[name]().Busy(); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

// TestReadOnly: what the program forbids and what the daemon does not give.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	for name, forbid := range map[string]func(s *stage){
		"by the program": func(s *stage) { s.ReadOnly("this screen was started with --read-only") },
		"by the daemon":  func(s *stage) { s.show(fixture.ReadOnly()) },
	} {
		s := open(frame.Mono(), fixture.PreviewRollback())
		forbid(s)
		s.press("y")
		if s.did.Token != "" {
			t.Errorf("%s: done", name)
		}
	}
	s := attached(frame.Mono(), fixture.RunWorking())
	s.ReadOnly("look only")
	s.show(fixture.WithRun(fixture.RunWorking()))
	s.press("c", "X")
	if s.asked.Act != (source.Act{}) {
		t.Errorf("asked: %+v", s.asked)
	}
}
