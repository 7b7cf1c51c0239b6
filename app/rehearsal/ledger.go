package rehearsal

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"healthagent/app/rehearsal/botapi"
)

// ledger matches what people did with what came back. It is written by one
// goroutine only.
type ledger struct {
	cfg     Config
	desks   map[int64]*desk
	latency *hdrhistogram.Histogram // microseconds
	out     *printer
	sum     Report
	acts    int64 // entered so far
	open    int   // of them, unanswered
	seq     int64 // of the newest event entered
	first   time.Time
	last    time.Time
}

// desk is the ledger's page for one person.
type desk struct {
	person *person
	open   []act             // unanswered, oldest first
	past   map[int][]string  // replies by the message they answer
	order  []int             // the keys of past, oldest first
	labels map[string]string // of the newest buttons, by their data
	loose  string            // the last reply that named no message
}

// act is one thing a person did that wants an answer.
type act struct {
	kind    botapi.Kind // Said, Corrected or Tapped
	message int
	query   string
	at      time.Time
}

// remembered is how many messages of a person are watched for late duplicates.
const remembered = 256

func newLedger(cfg Config, people []*person) *ledger {
	const hour = 3_600_000_000
	l := &ledger{
		cfg: cfg, desks: make(map[int64]*desk, len(people)), latency: hdrhistogram.New(1, hour, 3),
		out: newPrinter(cfg.Out, cfg.Colour),
	}
	for _, p := range people {
		l.desks[p.id] = &desk{person: p, past: make(map[int][]string), labels: make(map[string]string)}
	}
	return l
}

// defaultApology recognises the usual ways to say that something went wrong.
func defaultApology() func(string) bool {
	return regexp.MustCompile(`(?i)went wrong|try again (later|in a (moment|minute|while))|internal error|` +
		`could ?n[o']t (save|store|keep|handle)|` + `sorry, (that|i) (failed|could)`).MatchString
}

// enter takes one event of the transcript; those of strangers do not count.
func (l *ledger) enter(e botapi.Event) {
	l.seq = e.Seq
	if e.Kind == botapi.Refused {
		l.refused(e)
		return
	}
	d := l.desks[e.ChatID]
	if d == nil {
		return
	}
	switch e.Kind {
	case botapi.Said, botapi.Corrected, botapi.Tapped:
		l.asked(d, e)
	case botapi.Sent:
		l.sent(d, e)
	case botapi.Edited:
		l.edited(d, e)
	case botapi.Answered:
		l.tapAnswered(d, e)
	case botapi.Faulted:
		l.out.trouble(e)
	}
}

// catchUp enters what is on its way, up to the event with number seq.
func (l *ledger) catchUp(events <-chan botapi.Event, seq int64) {
	for l.seq < seq {
		e, ok := <-events
		if !ok {
			return
		}
		l.enter(e)
	}
}

func (l *ledger) asked(d *desk, e botapi.Event) {
	if e.Kind == botapi.Corrected && e.UpdateID == 0 { // the bot does not want to know
		return
	}
	l.acts++
	l.open++
	switch e.Kind {
	case botapi.Said:
		l.sum.Texts++
	case botapi.Corrected:
		l.sum.Edits++
	default:
		l.sum.Taps++
	}
	if l.first.IsZero() {
		l.first = e.Time
	}
	l.last = e.Time
	d.open = append(d.open, act{kind: e.Kind, message: e.MessageID, query: e.QueryID, at: e.Time})
	l.out.asked(d, e)
}

// sent finds what a message of the bot answers: what it names, else the oldest text
// that waits. What names a message that is answered already is either the same
// answer once more or an addition to it.
func (l *ledger) sent(d *desk, e botapi.Event) {
	d.person.see(e)
	d.learn(e.Buttons)
	if l.cfg.IsApology(e.Text) {
		l.sum.Errors++
	}
	var i int
	switch {
	case e.ReplyTo != 0:
		i = slices.IndexFunc(d.open, func(a act) bool { return a.message == e.ReplyTo && a.kind != botapi.Tapped })
	case firedReminder(e):
		l.sum.Reminders++
		l.out.unasked(d, e, "reminder")
		return
	default:
		i = slices.IndexFunc(d.open, func(a act) bool { return a.kind != botapi.Tapped })
	}
	if i >= 0 {
		d.remember(d.open[i].message, e)
		l.answered(d, i, e, "")
		return
	}
	if d.said(e) {
		l.sum.Duplicates++
		l.out.unasked(d, e, "once more")
		return
	}
	d.remember(e.ReplyTo, e)
	l.sum.Extra++
	l.out.unasked(d, e, "")
}

// firedReminder tells a reminder by its buttons: done or skip, or snooze.
func firedReminder(e botapi.Event) bool {
	var done, skip bool
	for _, row := range e.Buttons {
		for _, b := range row {
			label := strings.ToLower(b.Text)
			if strings.Contains(label, "snooze") {
				return true
			}
			done = done || strings.Contains(label, "done")
			skip = skip || strings.Contains(label, "skip")
		}
	}
	return done && skip
}

// edited is an answer to a correction, if one waits; else it goes with a tap.
func (l *ledger) edited(d *desk, e botapi.Event) {
	d.person.see(e)
	d.learn(e.Buttons)
	if i := slices.IndexFunc(d.open, func(a act) bool { return a.kind == botapi.Corrected }); i >= 0 {
		l.answered(d, i, e, "edited")
		return
	}
	l.out.unasked(d, e, "edited")
}

func (l *ledger) tapAnswered(d *desk, e botapi.Event) {
	if i := slices.IndexFunc(d.open, func(a act) bool { return a.query != "" && a.query == e.QueryID }); i >= 0 {
		l.answered(d, i, e, "button")
	}
}

// answered closes an act.
func (l *ledger) answered(d *desk, i int, e botapi.Event, how string) {
	took := max(0, e.Time.Sub(d.open[i].at))
	d.open = slices.Delete(d.open, i, i+1)
	l.open--
	l.sum.Replies++
	l.last = e.Time
	micros := min(took.Microseconds(), l.latency.HighestTrackableValue())
	_ = l.latency.RecordValue(micros) // within bounds by the line above
	l.out.answered(d, e, how, took)
}

// refused counts what Telegram would not do. Two refusals are the usual end of an
// honest attempt, conflicts and limits have counters of their own.
func (l *ledger) refused(e botapi.Event) {
	if e.Code == 429 || e.Code == 409 ||
		strings.Contains(e.Description, "message is not modified") || strings.Contains(e.Description, "query is too old") {
		return
	}
	l.sum.Errors++
	if l.sum.Refusals == nil {
		l.sum.Refusals = make(map[string]int)
	}
	l.sum.Refusals[e.Method+": "+e.Description]++
	l.out.trouble(e)
}

// report sums up; what is still open is lost.
func (l *ledger) report(now, before botapi.Stats) Report {
	r := l.sum
	r.People = len(l.desks)
	r.Messages = int(l.acts)
	r.Lost = l.open
	r.Limited = now.TooMany - before.TooMany
	r.Faults = now.Faults - before.Faults
	r.Seconds = l.last.Sub(l.first).Seconds()
	ms := func(q float64) float64 { return float64(l.latency.ValueAtQuantile(q)) / 1000 }
	r.LatencyMS = Latency{P50: ms(50), P95: ms(95), P99: ms(99), Max: float64(l.latency.Max()) / 1000}
	return r
}

// remember notes a reply under the message it answers, 0 for none.
func (d *desk) remember(message int, e botapi.Event) {
	if e.ReplyTo == 0 {
		d.loose = e.Text
	}
	if message == 0 {
		return
	}
	if _, ok := d.past[message]; !ok {
		d.order = append(d.order, message)
		if len(d.order) > remembered {
			delete(d.past, d.order[0])
			d.order = d.order[1:]
		}
	}
	d.past[message] = append(d.past[message], e.Text)
}

// said reports whether the bot has given this very answer to this message before.
func (d *desk) said(e botapi.Event) bool {
	if e.ReplyTo == 0 {
		return e.Text == d.loose
	}
	return slices.Contains(d.past[e.ReplyTo], e.Text)
}

// learn keeps the labels of buttons, so that presses can be printed in words.
func (d *desk) learn(rows [][]botapi.Button) {
	if len(rows) > 0 && len(d.labels) > remembered {
		clear(d.labels)
	}
	for _, row := range rows {
		for _, b := range row {
			d.labels[b.Data] = b.Text
		}
	}
}
