package coach_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata" // as main has it

	"github.com/jackc/pgx/v5/pgxpool"

	"healthagent/app/coach"
	"healthagent/app/food"
	"healthagent/store"
	"healthagent/test/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }

const botID = 4242

// foods is loaded once: it never changes.
var foods = sync.OnceValues(food.Load)

// noon is a Monday in Stockholm's summer time.
var noon = time.Date(2026, time.March, 30, 10, 0, 0, 0, time.UTC)

// world is a coach on a real database with a clock that the test turns.
type world struct {
	t     testing.TB
	store *store.Store
	db    *pgxpool.Pool
	coach *coach.Coach

	mu     sync.Mutex
	now    time.Time
	update int64
	outs   map[int64][]coach.Out // by update
	woken  int                   // how often the scheduler was
}

func newWorld(t testing.TB, change ...func(*coach.Config)) *world {
	t.Helper()
	return worldOn(t, rig.Postgres(t), store.Config{}, change...)
}

func worldOn(t testing.TB, url string, sc store.Config, change ...func(*coach.Config)) *world {
	t.Helper()
	w := &world{t: t, now: noon, outs: map[int64][]coach.Out{}}
	sc.URL, sc.Now = url, w.clock
	if sc.PoolMax == 0 {
		sc.PoolMin, sc.PoolMax = 1, 4
	}
	var err error
	if w.store, err = store.Open(t.Context(), sc); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.store.Close)
	if w.db, err = pgxpool.New(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.db.Close)
	table, err := foods()
	if err != nil {
		t.Fatal(err)
	}
	c := coach.Config{
		Store: w.store, Foods: table, Render: w.render, Committed: func() {}, Now: w.clock,
		Reminders: func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.woken++
		},
	}
	for _, f := range change {
		f(&c)
	}
	w.coach = coach.New(c)
	return w
}

func open(c *coach.Config) { c.Open = true }

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *world) at(t time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = t
}

func (w *world) wait(d time.Duration) { w.at(w.clock().Add(d)) }

func (w *world) render(in coach.Incoming, outs []coach.Out) ([]store.Outgoing, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.outs[in.Update.ID] = slices.Clone(outs)
	var calls []store.Outgoing
	for _, out := range outs {
		raw, err := json.Marshal(out)
		if err != nil {
			return nil, err
		}
		calls = append(calls, store.Outgoing{ChatID: in.ChatID, Class: out.Class, Method: "test", Params: raw, Erase: out.Erase})
	}
	return calls, nil
}

// receive commits an update to the inbox.
func (w *world) receive(in coach.Incoming) coach.Incoming {
	w.t.Helper()
	w.mu.Lock()
	w.update++
	in.Update.ID = w.update
	w.mu.Unlock()
	in.Update.BotID, in.Update.ChatID, in.Update.UserID = botID, in.ChatID, in.UserID
	if in.Update.Raw == nil && in.Kind != coach.Lost {
		in.Update.Raw = []byte(fmt.Sprintf(`{"update_id":%d,"text":%q}`, in.Update.ID, in.Text))
	}
	if in.Update.Kind == "" {
		in.Update.Kind = "message"
	}
	if _, err := w.store.Receive(w.t.Context(), botID, []store.Update{in.Update}, true); err != nil {
		w.t.Fatal(err)
	}
	return in
}

// handle receives and handles, and returns what was done in return.
func (w *world) handle(in coach.Incoming) []coach.Out {
	w.t.Helper()
	in = w.receive(in)
	if err := w.coach.Handle(w.t.Context(), in); err != nil {
		w.t.Fatalf("%q %q: %v", in.Text, in.Data, err)
	}
	return w.outsOf(in)
}

func (w *world) outsOf(in coach.Incoming) []coach.Out {
	w.t.Helper()
	w.mu.Lock()
	outs := w.outs[in.Update.ID]
	w.mu.Unlock()
	answers := 0
	for _, out := range outs {
		checkOut(w.t, in, out)
		if out.Kind == coach.Answer {
			answers++
		}
	}
	want := 0
	if in.Kind == coach.Tapped {
		want = 1
	}
	if answers != want {
		w.t.Errorf("%q %q got %d answers of a button, want %d", in.Text, in.Data, answers, want)
	}
	return outs
}

// one reads a single value.
func one[T any](w *world, sql string, args ...any) T {
	w.t.Helper()
	var v T
	if err := w.db.QueryRow(w.t.Context(), sql, args...).Scan(&v); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.db.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatalf("%s: %v", sql, err)
	}
}

// person talks to the coach in a private chat.
type person struct {
	*world
	id     int64
	msg    int64 // the newest message of either side
	screen []shown
}

// shown is a message of the bot as it stands in the chat.
type shown struct {
	id  int64
	out coach.Out
}

// member is a person whom an administrator let in, with a zone that was chosen.
func (w *world) member(id int64, zone string) *person {
	w.t.Helper()
	if zone == "" {
		w.exec(`INSERT INTO users (telegram_id, display_name) VALUES ($1, 'Maja')`, id)
	} else {
		w.exec(`INSERT INTO users (telegram_id, display_name, timezone, timezone_set_at) VALUES ($1, 'Maja', $2, $3)`, id, zone, noon)
	}
	return &person{world: w, id: id, msg: 100}
}

func (w *world) stranger(id int64) *person { return &person{world: w, id: id, msg: 100} }

func (p *person) incoming(kind coach.Kind) coach.Incoming {
	return coach.Incoming{Kind: kind, UserID: p.id, ChatID: p.id, Private: true, Name: "Maja"}
}

// show puts the outs on the screen and returns all their texts.
func (p *person) show(outs []coach.Out) string {
	p.t.Helper()
	var texts []string
	for _, out := range outs {
		switch out.Kind {
		case coach.Say:
			p.msg++
			p.screen = append(p.screen, shown{p.msg, out})
			texts = append(texts, out.HTML)
		case coach.Change:
			i := slices.IndexFunc(p.screen, func(s shown) bool { return s.id == out.MessageID })
			if i < 0 {
				p.t.Errorf("a message that is not there is changed: %d", out.MessageID)
				continue
			}
			p.screen[i].out = out
			texts = append(texts, out.HTML)
		case coach.Answer:
			if out.Note != "" {
				texts = append(texts, "["+out.Note+"]")
			}
		}
	}
	return strings.Join(texts, "\n---\n")
}

func (p *person) say(text string) string {
	p.t.Helper()
	in := p.incoming(coach.Text)
	p.msg++
	in.MessageID, in.Text, in.Type = p.msg, text, "text"
	return p.show(p.handle(in))
}

// edit changes the text of an earlier message.
func (p *person) edit(message int64, text string) string {
	p.t.Helper()
	in := p.incoming(coach.Edited)
	in.Update.Kind, in.MessageID, in.Text, in.Type = "edited_message", message, text, "edit"
	return p.show(p.handle(in))
}

// tap presses the newest button whose label holds the text.
func (p *person) tap(label string) string {
	p.t.Helper()
	for _, s := range slices.Backward(p.screen) {
		for _, row := range s.out.Buttons {
			for _, b := range row {
				if strings.Contains(b.Label, label) {
					return p.press(s.id, b.Data)
				}
			}
		}
	}
	p.t.Fatalf("there is no button %q on the screen", label)
	return ""
}

// press sends a button's data.
func (p *person) press(message int64, data string) string {
	p.t.Helper()
	in := p.incoming(coach.Tapped)
	in.Update.Kind, in.MessageID, in.TapID, in.Data = "callback_query", message, "tap", data
	return p.show(p.handle(in))
}

// data is the data of the newest button with that label.
func (p *person) data(label string) (message int64, data string) {
	p.t.Helper()
	for _, s := range slices.Backward(p.screen) {
		for _, row := range s.out.Buttons {
			for _, b := range row {
				if strings.Contains(b.Label, label) {
					return s.id, b.Data
				}
			}
		}
	}
	p.t.Fatalf("there is no button %q on the screen", label)
	return 0, ""
}

func (p *person) labels() string {
	var all []string
	if len(p.screen) > 0 {
		for _, row := range p.screen[len(p.screen)-1].out.Buttons {
			for _, b := range row {
				all = append(all, b.Label)
			}
		}
	}
	return strings.Join(all, "|")
}

func (p *person) foods() []store.FoodEntry {
	p.t.Helper()
	list, err := p.store.Food(p.t.Context(), p.id, time.Time{}, noon.AddDate(10, 0, 0))
	if err != nil {
		p.t.Fatal(err)
	}
	return list
}

func (p *person) reminders() []store.Reminder {
	p.t.Helper()
	list, err := p.store.Reminders(p.t.Context(), p.id)
	if err != nil {
		p.t.Fatal(err)
	}
	return list
}

func (p *person) xp() int64 {
	p.t.Helper()
	got, err := p.store.Progress(p.t.Context(), p.id)
	if err != nil {
		p.t.Fatal(err)
	}
	if sum := one[int64](p.world, `SELECT coalesce(sum(amount), 0)::bigint FROM xp_transactions WHERE user_id = $1`, p.id); sum != got.TotalXP {
		p.t.Errorf("total_xp is %d and the transactions sum up to %d", got.TotalXP, sum)
	}
	return got.TotalXP
}

func (p *person) user() store.User {
	p.t.Helper()
	u, found, err := p.store.User(context.WithoutCancel(p.t.Context()), p.id)
	if err != nil || !found {
		p.t.Fatalf("user %d: %v %v", p.id, found, err)
	}
	return u
}

// expect fails unless the text holds every piece; a piece that begins with ! must not be there.
func expect(t testing.TB, got string, pieces ...string) {
	t.Helper()
	for _, piece := range pieces {
		if absent, not := strings.CutPrefix(piece, "!"); not {
			if strings.Contains(got, absent) {
				t.Errorf("%q must not be in:\n%s", absent, got)
			}
			continue
		}
		if !strings.Contains(got, piece) {
			t.Errorf("%q is not in:\n%s", piece, got)
		}
	}
}

var (
	anyTag    = regexp.MustCompile(`</?[^<>]*>`)
	reference = regexp.MustCompile(`^&(lt|gt|amp|quot|#34|#39);`)
)

// checkOut holds an Out to what Telegram and the splitter demand.
func checkOut(t testing.TB, in coach.Incoming, out coach.Out) {
	t.Helper()
	fail := func(format string, args ...any) {
		t.Helper()
		t.Errorf("%q %q: %s in:\n%s", in.Text, in.Data, fmt.Sprintf(format, args...), out.HTML)
	}
	if out.Kind != coach.Answer && strings.TrimSpace(anyTag.ReplaceAllString(out.HTML, "")) == "" {
		fail("an empty text")
	}
	for line := range strings.Lines(out.HTML) {
		var stack []string
		for _, tag := range anyTag.FindAllString(line, -1) {
			name := strings.Trim(tag, "</>")
			switch {
			case !slices.Contains([]string{"b", "i", "code"}, name):
				fail("an unknown tag %s", tag)
			case tag[1] != '/':
				stack = append(stack, name)
			case len(stack) == 0 || stack[len(stack)-1] != name:
				fail("a tag %s that is not open on its line", tag)
			default:
				stack = stack[:len(stack)-1]
			}
		}
		if len(stack) > 0 {
			fail("tags %v that their line does not close", stack)
		}
		text := anyTag.ReplaceAllString(line, "")
		if strings.ContainsAny(text, "<>") {
			fail("a bare bracket")
		}
		for i := range len(text) {
			if text[i] == '&' && !reference.MatchString(text[i:]) {
				fail("a bare ampersand")
			}
		}
	}
	for _, row := range out.Buttons {
		if len(row) == 0 {
			fail("a row without buttons")
		}
		for _, b := range row {
			if b.Label == "" || b.Data == "" || len(b.Data) > 64 {
				fail("a button %q with data %q", b.Label, b.Data)
			}
		}
	}
	if len(out.Buttons) > 0 && out.Ask != "" {
		fail("buttons and a question for one message: Telegram takes one of them")
	}
	if len([]rune(out.Note)) > 200 {
		fail("a note that is too long")
	}
}
