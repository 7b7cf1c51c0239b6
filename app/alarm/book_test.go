package alarm

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"healthagent/tui/source"
)

// desk is a book with a clock that the test turns.
type desk struct {
	t    *testing.T
	path string
	now  time.Time
	book *Book
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, path: filepath.Join(t.TempDir(), "alarm.json"), now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	d.open()
	return d
}

// open opens the book as a new process does.
func (d *desk) open() {
	d.t.Helper()
	var err error
	if d.book, err = Open(d.path, "vps1", func() time.Time { return d.now }); err != nil {
		d.t.Fatal(err)
	}
}

// finding is what is said of a code: red, or fine.
func finding(code string, red bool) source.Finding {
	f := source.Finding{Code: code, Title: "The " + code, Verdict: source.OK, Text: code + " is fine"}
	if red {
		f.Verdict, f.Text, f.Remedy = source.Fail, code+" is broken", "mend "+code
	}
	return f
}

// look looks at these after a while, sends what is due and returns its text; the codes that fail begin with an exclamation mark.
func (d *desk) look(after time.Duration, codes ...string) string {
	d.t.Helper()
	d.now = d.now.Add(after)
	m, due := d.book.Look(findings(codes))
	if !due {
		return ""
	}
	if err := d.book.Told(m); err != nil {
		d.t.Fatal(err)
	}
	return m.Text
}

func findings(codes []string) []source.Finding {
	var all []source.Finding
	for _, code := range codes {
		name, red := strings.CutPrefix(code, "!")
		all = append(all, finding(name, red))
	}
	return all
}

// says holds that a look after a while says this, and nothing for an empty text.
func (d *desk) says(want string, after time.Duration, codes ...string) {
	d.t.Helper()
	if got := d.look(after, codes...); got != want {
		d.t.Errorf("%s %v: said %q, not %q", d.now.Format("15:04:05"), codes, got, want)
	}
}

const (
	redDisk  = "healthagent on vps1\n\n🔴 The disk: disk is broken\n→ mend disk"
	wellDisk = "healthagent on vps1\n\n🟢 The disk: well again after "
)

func TestWhatLastsIsToldOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.says("", 0, "disk")
	d.says("", 15*time.Second, "!disk")
	d.says("", 15*time.Second, "!disk")
	d.says("", 44*time.Second, "!disk")
	d.says(redDisk, time.Second, "!disk")
	for range 500 {
		d.says("", 10*time.Minute, "!disk")
	}
	d.says("", time.Minute, "disk")
	d.says("", 59*time.Second, "disk")
	d.says(wellDisk+"3 d 11 h", time.Second, "disk")
	for range 500 {
		d.says("", 10*time.Minute, "disk")
	}
}

func TestWhatIsSeenOnceIsNotTold(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.says("", 0, "!disk")
	d.says("", time.Hour) // nobody looked at it meanwhile
	d.says(redDisk, time.Minute, "!disk")
	d.says("", time.Hour, "disk")
	d.says("", time.Hour, "!disk")
	if got := d.look(time.Hour, "!disk"); got != "" {
		t.Errorf("the same trouble is told again: %q", got)
	}
}

func TestSkippedAndAbsentAreAsTheyWere(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.says("", 0, "!disk")
	d.says(redDisk, time.Minute, "!disk")
	for range 10 {
		d.now = d.now.Add(time.Minute)
		if m, due := d.book.Look([]source.Finding{{Code: "disk", Verdict: source.Skip}, {Verdict: source.Fail, Text: "no code"}}); due {
			t.Errorf("said %q", m.Text)
		}
	}
	d.says("", time.Minute, "disk")
	d.says(wellDisk+"12 min", time.Minute, "disk")
}

func TestWhatWasSkippedHasToLastAnew(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.says("", 0, "!disk")
	d.book.Look([]source.Finding{{Code: "disk", Verdict: source.Skip}})
	d.says("", time.Minute, "!disk")
	d.says("", 59*time.Second, "!disk")
	d.says(redDisk, time.Second, "!disk")
}

func TestAWarningIsNoFailureButSaysWhatIsLeft(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	warn := []source.Finding{{Code: "disk", Title: "The disk", Verdict: source.Warn, Text: "9 % free"}}
	for range 3 {
		d.now = d.now.Add(time.Minute)
		if _, due := d.book.Look(warn); due {
			t.Error("a warning is told")
		}
	}
	d.says("", time.Minute, "!disk")
	d.says(redDisk, time.Minute, "!disk")
	d.now = d.now.Add(time.Minute)
	d.book.Look(warn)
	d.now = d.now.Add(time.Minute)
	if m, due := d.book.Look(warn); !due || m.Text != "healthagent on vps1\n\n🟢 The disk: better after 2 min: 9 % free" {
		t.Errorf("said %q", m.Text)
	}
}

func TestFlappingIsToldOnceAnHour(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var texts []string
	for i := range 6 * 60 / 4 { // two minutes red, two minutes well, for six hours
		for _, code := range []string{"!disk", "!disk", "disk", "disk"} {
			if i == 0 && code == "!disk" && d.now.Minute() == 0 {
				d.look(0, "disk")
			}
			if text := d.look(time.Minute, code); text != "" {
				texts = append(texts, text)
			}
		}
	}
	red := 0
	for _, text := range texts {
		if strings.Contains(text, "🔴") {
			red++
		}
	}
	if red != 6 || len(texts) > 12 {
		t.Errorf("%d messages, %d of them red: %q", len(texts), red, texts)
	}
	if again := texts[2]; !strings.Contains(again, " (15 times since 12:02)\n") {
		t.Errorf("it is not said how often: %q", again)
	}
}

func TestAStormIsOneMessage(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	storm := []string{"!a", "!b", "!c", "!d", "!e", "!f", "!g"}
	d.says("", 0, storm...)
	text := d.look(time.Minute, storm...)
	if strings.Count(text, "🔴") != 5 || !strings.HasSuffix(text, "\n\nand 2 more: healthagent doctor") {
		t.Errorf("said %q", text)
	}
	d.says("", time.Minute, storm...)
}

func TestNoMoreThanSixMessagesAnHour(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	var all, said []string
	for i := range 9 {
		all = append(all, fmt.Sprintf("!c%d", i))
		d.look(time.Minute, all...)
		if text := d.look(time.Minute, all...); text != "" {
			said = append(said, text)
		}
	}
	if len(said) != 6 || !strings.Contains(said[5], "🔴 The c5") || strings.Contains(said[4], "This is message") ||
		!strings.HasSuffix(said[5], "\n\nThis is message 6 within an hour: what changes before 13:02 is told then. Until then: healthagent doctor") {
		t.Fatalf("said %q", said)
	}
	text := d.look(time.Hour, all...)
	if !strings.Contains(text, "The c6") || !strings.Contains(text, "The c7") || !strings.Contains(text, "The c8") || strings.Contains(text, "The c5") {
		t.Errorf("an hour later it says %q", text)
	}
}

func TestANewProcessDoesNotRepeatIt(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.says("", 0, "!disk")
	d.says(redDisk, time.Minute, "!disk")
	for range 5 {
		d.open()
		d.says("", time.Minute, "!disk")
		d.says("", time.Minute, "!disk")
	}
	d.open()
	d.says("", time.Minute, "disk")
	d.says(wellDisk+"12 min", time.Minute, "disk")
	d.open()
	d.says("", time.Minute, "!disk")
	d.says("", time.Minute, "!disk")
	d.says("healthagent on vps1\n\n🔴 The disk: disk is broken\n→ mend disk", time.Hour, "!disk")
}

func TestWhatCannotBeSentIsToldLaterIfStillTrue(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	for _, after := range []time.Duration{0, time.Minute, time.Minute} {
		d.now = d.now.Add(after)
		d.book.Look(findings([]string{"!disk"}))
	}
	d.says(redDisk, time.Minute, "!disk")
	d.now = d.now.Add(time.Minute)
	d.book.Look(findings([]string{"disk", "!cpu"}))
	d.now = d.now.Add(time.Minute)
	if m, due := d.book.Look(findings([]string{"disk", "!cpu"})); !due || strings.Join(m.Codes(), " ") != "cpu disk" {
		t.Errorf("due: %q", m.Text)
	}
	d.says("", time.Minute, "!disk", "cpu") // both are over before Telegram answered
	d.says("", time.Minute, "!disk", "cpu")
}

func TestGarbageIsAnEmptyBook(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", "garbage", "[]", `{"codes": 7}`, `{"codes": {"disk": {"red": "yes"}}}`, `{"codes": null, "sent": null}`, `null`, "\x00\x00",
		`{"codes":{"disk":{"at":"2999-01-01T00:00:00Z","times":-5}},"sent":["2999-01-01T00:00:00Z","2999-01-01T00:00:00Z","2999-01-01T00:00:00Z","2999-01-01T00:00:00Z","2999-01-01T00:00:00Z","2999-01-01T00:00:00Z"]}`,
	} {
		d := newDesk(t)
		if err := os.WriteFile(d.path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		d.book, _ = Open(d.path, "vps1", func() time.Time { return d.now })
		d.says("", 0, "!disk")
		d.says(redDisk, time.Minute, "!disk")
		d.open()
		d.says("", time.Minute, "!disk")
	}
}

func TestTheClockMayBeSetBack(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.says("", 0, "!disk")
	d.says("", -24*time.Hour, "!disk")
	d.says(redDisk, time.Minute, "!disk")
	d.says("", time.Minute, "disk")
	d.says("", -24*time.Hour, "disk")
	if text := d.look(time.Minute, "disk"); !strings.Contains(text, "🟢") {
		t.Errorf("said %q", text)
	}
}

func TestAFileThatCannotBeWrittenIsSaidAndNotRepeated(t *testing.T) {
	t.Parallel()
	now := time.Now()
	b, err := Open("/nowhere/alarm.json", "vps1", func() time.Time { return now })
	if err != nil {
		t.Fatal(err)
	}
	b.Look(findings([]string{"!disk"}))
	now = now.Add(time.Minute)
	m, due := b.Look(findings([]string{"!disk"}))
	if !due {
		t.Fatal("nothing is due")
	}
	if err := b.Told(m); err == nil {
		t.Error("no error")
	}
	now = now.Add(time.Minute)
	if m, due := b.Look(findings([]string{"!disk"})); due {
		t.Errorf("said again: %q", m.Text)
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	event := func(after time.Duration, code string) string {
		d.open() // each is a process of its own
		d.now = d.now.Add(after)
		d.book.Happened(code, code+" has failed", "journalctl -u "+code)
		return d.look(0)
	}
	if got := event(0, "a"); got != "healthagent on vps1\n\n🔴 a has failed\n→ journalctl -u a" {
		t.Errorf("said %q", got)
	}
	for range 3 {
		if got := event(time.Minute, "a"); got != "" {
			t.Errorf("said %q", got)
		}
	}
	if got := event(time.Hour, "a"); !strings.Contains(got, "(4 times since 12:00)") {
		t.Errorf("said %q", got)
	}
	d.says("", time.Minute) // it has no end
	said := 1
	for i := range 10 {
		if event(time.Second, fmt.Sprintf("b%d", i)) != "" {
			said++
		}
	}
	if said != most {
		t.Errorf("%d within an hour", said)
	}
}

func TestAnEventThatCannotBeSentWaits(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.book.Happened("a", "a has failed", "")
	for range 2 {
		if _, due := d.book.Look(nil); !due {
			t.Error("it is forgotten")
		}
	}
	d.look(0, "!disk")
	d.says("", time.Second, "!disk")
	d.says(redDisk, time.Minute, "!disk")
}

// TestNoStormIsEverSent tries the rules on every kind of weather: verdicts, pauses, restarts and failing sends at random.
func TestNoStormIsEverSent(t *testing.T) {
	t.Parallel()
	for seed := range uint64(30) {
		random := rand.New(rand.NewPCG(seed, 7)) //nolint:gosec // a test that can be repeated
		d := newDesk(t)
		believed := map[string]bool{}
		lastRed := map[string]time.Time{}
		var sent []time.Time
		state := map[string]bool{}
		codes := []string{"a", "b", "c", "d", "e", "f", "g", "h"}[:1+random.IntN(8)]
		tell := func() {
			t.Helper()
			var all []source.Finding
			for _, c := range codes {
				all = append(all, finding(c, state[c]))
			}
			m, due := d.book.Look(all)
			if !due || random.IntN(5) == 0 {
				return
			}
			if err := d.book.Told(m); err != nil {
				t.Fatal(err)
			}
			sent = append(sent, d.now)
			if n := len(sent); n > most && d.now.Sub(sent[n-1-most]) < time.Hour {
				t.Errorf("seed %d: more than %d messages within an hour", seed, most)
			}
			for _, c := range m.changes {
				if c.red != state[c.code] || c.red == believed[c.code] {
					t.Errorf("seed %d: %s is told as %v", seed, c.code, c.red)
				}
				believed[c.code] = c.red
				if !c.red {
					continue
				}
				if last, ok := lastRed[c.code]; ok && d.now.Sub(last) < time.Hour {
					t.Errorf("seed %d: %s told twice within an hour", seed, c.code)
				}
				lastRed[c.code] = d.now
			}
		}
		restless := 2 + random.IntN(40)
		for range 2000 {
			d.now = d.now.Add(time.Duration(1+random.IntN(90)) * time.Second)
			if c := codes[random.IntN(len(codes))]; random.IntN(restless) == 0 {
				state[c] = !state[c]
			}
			if random.IntN(50) == 0 {
				d.open()
			}
			tell()
		}
		for range 60 * 5 { // now nothing changes any more: in the end everything is known
			d.now = d.now.Add(time.Minute)
			tell()
		}
		for _, c := range codes {
			if believed[c] != state[c] {
				t.Errorf("seed %d: %s is %v, and the administrators believe %v", seed, c, state[c], believed[c])
			}
		}
	}
}
