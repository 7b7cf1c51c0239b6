package rehearsal

import (
	"context"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"healthagent/app/rehearsal/botapi"
)

// person is one virtual human. It acts from its own goroutine; what it sees comes
// from the ledger's.
type person struct {
	srv   *botapi.Server
	cfg   Config
	index int
	id    int64
	name  string
	rand  *rand.Rand
	acts  *atomic.Int64 // of all people

	mu    sync.Mutex
	seen  int     // how many messages it got
	zones int     // how many time zone questions it answered
	zone  *button // of a question to answer
	undo  *button // of the last card that can be undone
	meal  meal    // the last one it wrote about
}

// button is one that the person may press.
type button struct {
	message int
	data    string
}

// meal is a message about food that can still be corrected.
type meal struct {
	message int
	text    string
}

// These bound how long a person looks out for a question about its time zone.
const (
	onboarding = 6
	maxZones   = 4
)

func newPerson(srv *botapi.Server, cfg Config, i int, acts *atomic.Int64) *person {
	p := &person{
		srv: srv, cfg: cfg, index: i, id: cfg.FirstUser + int64(i), name: NameOf(i),
		rand: rand.New(rand.NewPCG(cfg.Seed, uint64(i))), acts: acts,
	}
	srv.SetUser(botapi.User{ID: p.id, FirstName: p.name, LanguageCode: "en"})
	return p
}

// live joins after a moment of its own, so that not everybody comes at once, and
// then acts and thinks in turn.
func (p *person) live(ctx context.Context) {
	pause := between(p.rand, [2]time.Duration{0, p.cfg.Think[1]})
	for n := 0; p.cfg.PerPerson == 0 || n < p.cfg.PerPerson; n++ {
		select {
		case <-p.cfg.After(pause):
		case <-ctx.Done():
			return
		}
		if ctx.Err() != nil { // both were ready
			return
		}
		p.act(n == 0)
		pause = between(p.rand, p.cfg.Think)
	}
}

// act does one thing that wants an answer.
func (p *person) act(first bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	chance := p.rand.Float64()
	switch {
	case first:
		p.acts.Add(1)
		p.srv.Say(p.id, p.cfg.Join(p.index))
	case p.zone != nil:
		p.press(&p.zone)
	case p.undo != nil && chance < p.cfg.Mix.Undo:
		p.press(&p.undo)
	case p.meal.message != 0 && chance > 1-p.cfg.Mix.Edit:
		text := food(p.rand)
		for text == p.meal.text {
			text = food(p.rand)
		}
		if p.srv.Edit(p.id, p.meal.message, text) != 0 {
			p.acts.Add(1)
		}
		p.meal = meal{}
	default:
		p.talk()
	}
}

func (p *person) press(b **button) {
	pressed := *b
	*b = nil
	p.acts.Add(1)
	p.srv.Tap(p.id, pressed.message, pressed.data)
}

// talk writes about one of the subjects of the mix.
func (p *person) talk() {
	p.acts.Add(1)
	m := p.cfg.Mix
	at := p.rand.Float64() * m.total()
	switch {
	case at < m.Food:
		text := food(p.rand)
		_, id := p.srv.Say(p.id, text)
		p.meal = meal{message: id, text: text}
	case at < m.Food+m.Reminder:
		p.srv.Say(p.id, reminder(p.rand))
	case at < m.Food+m.Reminder+m.Progress:
		p.srv.Say(p.id, progress(p.rand))
	default:
		p.srv.Say(p.id, smallTalk(p.rand))
	}
}

// see looks at a message of the bot, new or edited, for buttons worth pressing.
func (p *person) see(e botapi.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen++
	if p.undo != nil && p.undo.message == e.MessageID {
		p.undo = nil
	}
	if p.seen <= onboarding && p.zones < maxZones && asksForZone(e.Text) {
		if b := p.choose(e); b != nil {
			p.zone = b
			p.zones++
		}
	}
	for _, row := range e.Buttons {
		for _, b := range row {
			if b.Data != "" && strings.Contains(strings.ToLower(b.Text), "undo") {
				p.undo = &button{message: e.MessageID, data: b.Data}
			}
		}
	}
}

// asksForZone recognises a question about the time zone, in whichever words.
func asksForZone(text string) bool {
	text = strings.ToLower(text)
	for _, words := range []string{"time zone", "timezone", "where are you", "your clock"} {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}

// choose picks an answer among a question's buttons, leaving out those that lead
// elsewhere.
func (p *person) choose(e botapi.Event) *button {
	var answers []string
	for _, row := range e.Buttons {
		for _, b := range row {
			if b.Data != "" && !leadsElsewhere(b.Text) {
				answers = append(answers, b.Data)
			}
		}
	}
	if len(answers) == 0 {
		return nil
	}
	// Not p.rand: it belongs to the person's own goroutine and order.
	return &button{message: e.MessageID, data: answers[p.index%len(answers)]}
}

func leadsElsewhere(label string) bool {
	label = strings.ToLower(label)
	for _, word := range []string{"back", "more", "skip", "later", "other", "cancel", "next", "prev", "«", "»", "←", "→", "<", "‹", "⬅"} {
		if strings.Contains(label, word) {
			return true
		}
	}
	return false
}
