// Package rehearsal lets virtual people talk to a bot through a simulated Telegram
// and measures what they get back: how fast, and whether anything was lost, said
// twice or answered with an error. The people know nothing of the bot's insides;
// the demo, the load tests and the end-to-end tests are made of them.
package rehearsal

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"healthagent/app/rehearsal/botapi"
)

// Config says who talks, for how long and about what. People and one of Duration,
// PerPerson and Enough must be set; everything else has a default.
type Config struct {
	People    int
	Duration  time.Duration   // from the start until nobody says anything new; 0 = no end
	PerPerson int             // how much each person does, joining included; 0 = no end
	Enough    <-chan struct{} // closed when nobody is to say anything new; nil = never
	Seed      uint64          // the same seed gives the same people and the same words

	// Think is the least and the most time between two acts of a person; default
	// 1 to 3 seconds. People do not wait for a reply before they go on, so a bot
	// that falls behind cannot slow its own examination down.
	Think [2]time.Duration
	// Drain is how long the bot may take to answer what is open at the end; default 10 s.
	Drain time.Duration
	// Settle is how long to listen for replies said twice once all is answered;
	// default 500 ms.
	Settle time.Duration

	Mix       Mix                // the zero value means DefaultMix
	Join      func(i int) string // the first message of person i; default "/start"
	FirstUser int64              // Telegram id of the first person; default FirstUser
	// IsApology recognises a reply that says something went wrong; it has a default.
	IsApology func(text string) bool

	Out    io.Writer // one line for each message; nil = none
	Colour bool      // colour the lines
	Logger *slog.Logger
	// After makes the channels behind thinking, duration and drain; default
	// time.After. Latency is taken from the server's clock. Called concurrently.
	After func(time.Duration) <-chan time.Time
}

// FirstUser is the Telegram id of the first person, unless Config says another.
const FirstUser = 7_000_001

// Mix weighs what people do: the first four are what they write about and need not
// add up to one. Undo and Edit are the chances that a person, instead of writing,
// presses Undo on the last card or corrects the last meal.
type Mix struct {
	Text, Food, Reminder, Progress float64
	Undo, Edit                     float64
}

// DefaultMix is the mix that the load figures are stated for.
func DefaultMix() Mix {
	return Mix{Text: 50, Food: 20, Reminder: 20, Progress: 10, Undo: 0.04, Edit: 0.04}
}

// Report is what was measured. Messages is everything people did: texts,
// corrections and presses of buttons; each wants an answer.
type Report struct {
	People     int `json:"people"`
	Messages   int `json:"messages"`
	Replies    int `json:"replies"`    // of Messages, how many were answered
	Errors     int `json:"errors"`     // apologies, and requests Telegram refused for no programmed reason
	Lost       int `json:"lost"`       // of Messages, how many were not answered in time
	Duplicates int `json:"duplicates"` // the same answer to the same message once more; honest after a crash

	LatencyMS Latency `json:"latency_ms"`

	Texts     int            `json:"texts"`
	Edits     int            `json:"edits"`
	Taps      int            `json:"taps"`
	Extra     int            `json:"extra"`     // messages that answer nothing, such as a longer answer's second part
	Reminders int            `json:"reminders"` // that fired
	Limited   int            `json:"limited"`   // 429s of the limits
	Faults    int            `json:"faults"`    // requests that met a programmed fault
	Refusals  map[string]int `json:"refusals,omitempty"`
	Seconds   float64        `json:"seconds"` // of the server's clock
}

// Latency is from a person's message to its answer, in milliseconds.
type Latency struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// withDefaults fills in what was left out.
func (c Config) withDefaults() (Config, error) {
	if c.People <= 0 {
		return c, errors.New("rehearsal: no people")
	}
	if c.Duration <= 0 && c.PerPerson <= 0 && c.Enough == nil {
		return c, errors.New("rehearsal: neither a duration nor a number of messages")
	}
	if c.Think == [2]time.Duration{} {
		c.Think = [2]time.Duration{time.Second, 3 * time.Second}
	}
	if c.Think[0] < 0 || c.Think[1] < c.Think[0] {
		return c, errors.New("rehearsal: thinking time runs backwards")
	}
	if c.Drain <= 0 {
		c.Drain = 10 * time.Second
	}
	if c.Settle <= 0 {
		c.Settle = 500 * time.Millisecond
	}
	if c.Mix == (Mix{}) {
		c.Mix = DefaultMix()
	}
	if c.Mix.total() <= 0 {
		return c, errors.New("rehearsal: the mix weighs nothing")
	}
	if c.Join == nil {
		c.Join = func(int) string { return "/start" }
	}
	if c.FirstUser == 0 {
		c.FirstUser = FirstUser
	}
	if c.IsApology == nil {
		c.IsApology = defaultApology()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.After == nil {
		c.After = time.After
	}
	return c, nil
}

// Run lets the people of cfg talk until their time is over, waits for what is still
// open and reports. When ctx ends first it reports what was measured until then,
// counting what is open as lost, and returns the reason with it.
func Run(ctx context.Context, srv *botapi.Server, cfg Config) (Report, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return Report{}, err
	}
	listening, deaf := context.WithCancel(context.WithoutCancel(ctx))
	defer deaf()
	events := srv.Subscribe(listening)

	people := make([]*person, cfg.People)
	var acts atomic.Int64
	for i := range people {
		people[i] = newPerson(srv, cfg, i, &acts)
	}
	before := srv.Stats()
	book := newLedger(cfg, people)
	book.seq = srv.Transcript().Len()

	talking, hush := context.WithCancel(ctx)
	defer hush()
	finished := make(chan struct{})
	var crowd sync.WaitGroup
	for _, p := range people {
		crowd.Go(func() { p.live(talking) })
	}
	go func() { crowd.Wait(); close(finished) }()

	cfg.Logger.Info("rehearsal begins", "people", cfg.People)
	err = listen(ctx, cfg, book, events, finished, hush, &acts)
	hush()
	crowd.Wait()
	book.catchUp(events, srv.Transcript().Len())
	report := book.report(srv.Stats(), before)
	cfg.Logger.Info("rehearsal ends", "messages", report.Messages, "replies", report.Replies,
		"lost", report.Lost, "duplicates", report.Duplicates, "errors", report.Errors)
	return report, err
}

// listen writes every event into the book until everybody has finished and every
// act is answered and has settled, or the drain or ctx is over.
func listen(
	ctx context.Context, cfg Config, book *ledger, events <-chan botapi.Event,
	finished <-chan struct{}, hush context.CancelFunc, acts *atomic.Int64,
) error {
	var over, drained, settled <-chan time.Time
	if cfg.Duration > 0 {
		over = cfg.After(cfg.Duration)
	}
	ended, enough := false, cfg.Enough
	for {
		if ended && settled == nil && book.acts == acts.Load() && book.open == 0 {
			settled = cfg.After(cfg.Settle)
		}
		select {
		case e, ok := <-events:
			if !ok {
				return errors.New("rehearsal: the simulated Telegram closed")
			}
			book.enter(e)
		case <-over:
			hush()
			over = nil
		case <-enough:
			hush()
			enough = nil
		case <-finished:
			finished, ended = nil, true
			drained = cfg.After(cfg.Drain)
		case <-settled:
			return nil
		case <-drained:
			return nil
		case <-ctx.Done():
			return fmt.Errorf("rehearsal: %w", context.Cause(ctx))
		}
	}
}

// between is a random duration within the bounds.
func between(r *rand.Rand, bounds [2]time.Duration) time.Duration {
	return bounds[0] + time.Duration(r.Int64N(int64(bounds[1]-bounds[0])+1))
}

func (m Mix) total() float64 { return m.Text + m.Food + m.Reminder + m.Progress }
