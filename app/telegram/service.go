package telegram

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-telegram/bot"
	"github.com/go-telegram/bot/models"

	"healthagent/app/coach"
	"healthagent/store"
)

// Config is what a Service needs; Token, APIURL and Store are required.
type Config struct {
	Token   string // digits, a colon and a secret
	APIURL  string // base of the Bot API, without a slash at its end
	Store   *store.Store
	Rate    Rate
	Admins  []int64       // what they write is kept from the first message on
	Open    bool          // what strangers write is kept too
	Workers int           // updates handled at the same time; 0: 8
	Drain   time.Duration // what a stop waits for at most; 0: 8 s
	Logger  *slog.Logger
	Now     func() time.Time
	Redact  func(string) string // takes secrets out of a text
}

// Service is the way in and out of one bot. Run is called by one goroutine; all else may be called by many.
type Service struct {
	config Config
	botID  int64
	api    string
	admins map[int64]struct{}
	log    *slog.Logger
	now    func() time.Time
	client *http.Client
	bot    *bot.Bot

	pollTime, pollGrace, callTime, workTime, revokedPause time.Duration

	capacity int

	sleep func(context.Context, time.Duration) bool // false when ctx ended before
	after func(time.Duration) <-chan time.Time

	wake     chan struct{}
	count    counters
	handled  store.Meter // from the arrival of an update to the commit of its effects
	health   health
	polling  atomic.Bool
	sending  atomic.Int64
	lastPoll atomic.Int64
	// when the oldest call under way began, in nanoseconds; 0: none is
	oldestCall atomic.Int64
	lines      atomic.Pointer[dispatcher]
}

// BotID is the bot's id: the digits before the token's colon.
func BotID(token string) (int64, error) {
	digits, _, found := strings.Cut(token, ":")
	id, err := strconv.ParseInt(digits, 10, 64)
	if !found || err != nil || id <= 0 {
		return 0, errors.New("the token does not begin with the bot's id and a colon")
	}
	return id, nil
}

// New prepares the way in and out. It makes no request.
func New(c Config) (*Service, error) {
	id, err := BotID(c.Token)
	if err != nil {
		return nil, err
	}
	if c.Workers == 0 {
		c.Workers = 8
	}
	if c.Drain == 0 {
		c.Drain = 8 * time.Second
	}
	s := &Service{
		config: c, botID: id, api: strings.TrimRight(c.APIURL, "/"), admins: map[int64]struct{}{}, log: c.Logger, now: c.Now,
		wake:     make(chan struct{}, 1),
		pollTime: pollTime, pollGrace: pollGrace, callTime: 20 * time.Second, workTime: 20 * time.Second, revokedPause: time.Minute,
		capacity: capacity, sleep: sleep, after: time.After,
	}
	s.health = health{now: c.Now, sick: map[string]Trouble{}}
	for _, admin := range c.Admins {
		s.admins[admin] = struct{}{}
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = underWay + 2
	s.client = &http.Client{Transport: transport, CheckRedirect: noRedirect}
	s.bot, err = bot.New(c.Token, bot.WithServerURL(s.api), bot.WithSkipGetMe(), bot.WithHTTPClient(pollTime, s.client),
		bot.WithErrorsHandler(func(err error) { s.log.Warn("bot library", "error", s.redact(err)) }))
	if err != nil {
		return nil, errors.New("the Bot API client refuses its settings")
	}
	return s, nil
}

// BotID is the bot's id.
func (s *Service) BotID() int64 { return s.botID }

// redact is what may be logged of an error of the Bot API.
func (s *Service) redact(err error) string { return s.clean(brief(err)) }

// reason is what may be logged of an error of the store or of a handler.
func (s *Service) reason(err error) string {
	text := store.Reason(err)
	if !strings.HasPrefix(text, "PostgreSQL ") { // other errors may quote what a person wrote
		text = withoutQuotes(text)
	}
	return s.clean(text)
}

// clean takes the token out of a text, and whatever else Config.Redact knows to be secret.
func (s *Service) clean(text string) string {
	return cleaner(s.config.Token, s.config.Redact)(text)
}

// cleaner takes the token out of a text, and whatever else redact, which may be nil, knows to be secret.
func cleaner(token string, redact func(string) string) func(string) string {
	return func(text string) string {
		text = strings.ReplaceAll(text, token, "[token]")
		if redact == nil {
			return text
		}
		return redact(text)
	}
}

// Render makes of what the coach does what is to be sent. A message points at the one it answers when more than one of its chat
// waits.
func (s *Service) Render(in coach.Incoming, outs []coach.Out) ([]store.Outgoing, error) {
	quote := false
	if d := s.lines.Load(); d != nil {
		quote = d.crowded(lineOf(in.Update))
	}
	return render(in, quote, outs)
}

// Wake tells the sender that something was committed to the outbox.
func (s *Service) Wake() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Run takes in, handles and sends until ctx ends; then it lets the updates at work and what is urgent to be sent end, for as long
// as Config.Drain. A handler that does not end even then is left to the end of the process; its update stays in the inbox. Run
// returns an error only when what a former process left behind cannot be read for a reason that waiting does not mend. It must run
// in one process only: see store.Lead.
func (s *Service) Run(ctx context.Context, h handler) error {
	// what is at work when ctx ends goes on until the drain is over
	rest, over := context.WithCancel(context.WithoutCancel(ctx))
	defer over()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(s.config.Drain, over) })()

	d := newDispatcher(s.capacity)
	s.lines.Store(d)
	defer d.closeWith(ctx)()

	var workers, sending sync.WaitGroup
	for range s.config.Workers {
		workers.Go(func() { (&worker{Service: s, handler: h}).work(rest, d) })
	}
	sendCtx, sent := context.WithCancel(rest)
	defer sent()
	sending.Go(func() { s.newSender().run(sendCtx, rest) })

	err := s.leftBehind(ctx, d)
	if err == nil {
		s.poll(ctx, d)
	} else {
		time.AfterFunc(s.config.Drain, over)
	}
	d.close()
	s.waitFor(rest, &workers)
	sent()
	sending.Wait()
	return err
}

// deafTime is how long a handler may take to notice that its context is over.
const deafTime = time.Second

func (s *Service) waitFor(rest context.Context, workers *sync.WaitGroup) {
	ended := make(chan struct{})
	go func() {
		workers.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return
	case <-rest.Done():
	}
	select {
	case <-ended:
	case <-s.after(deafTime):
		s.log.Error("a handler does not end; its update stays in the inbox")
	}
}

// leftBehind queues the updates that a process before this one committed and did not finish. It comes before the first poll, so
// that the order of each chat is kept.
func (s *Service) leftBehind(ctx context.Context, d *dispatcher) error {
	var page store.PendingPage
	for pause := firstPause; ; {
		next := page
		updates, err := s.config.Store.Pending(ctx, s.botID, &next, pageSize)
		switch {
		case err == nil && (len(updates) == 0 || !d.add(updates...)):
			return nil
		case err == nil:
			page, pause = next, firstPause
			continue
		case ctx.Err() != nil:
			return nil
		case !store.Unavailable(err):
			return fmt.Errorf("load what was left behind: %w", err)
		}
		s.health.set("inbox", errors.New("what was left behind cannot be read: "+s.reason(err)))
		s.log.Warn("loading what was left behind", "error", s.reason(err))
		if !s.sleep(ctx, pause) {
			return nil
		}
		pause = min(2*pause, longPause)
	}
}

// pageSize is how many updates are read at once of what was left behind.
const pageSize = 500

// Greet asks Telegram who the bot is and sets its command menu. It is tried again until it works or ctx ends; nothing waits for it.
func (s *Service) Greet(ctx context.Context, commands []coach.Command) {
	for pause := time.Second; ; pause = min(2*pause, time.Minute) {
		err := s.greet(ctx, commands)
		if err == nil || ctx.Err() != nil {
			return
		}
		s.log.Warn("greeting Telegram", "error", s.redact(err))
		if !s.sleep(ctx, pause) {
			return
		}
	}
}

func (s *Service) greet(ctx context.Context, commands []coach.Command) error {
	ctx, cancel := context.WithTimeout(ctx, s.callTime)
	defer cancel()
	me, err := s.bot.GetMe(ctx)
	if err != nil {
		return fmt.Errorf("getMe: %w", err)
	}
	s.log.Info("Telegram knows the bot", "username", me.Username)
	menu := make([]models.BotCommand, len(commands))
	for i, c := range commands {
		menu[i] = models.BotCommand{Command: c.Name, Description: c.Summary}
	}
	if _, err := s.bot.SetMyCommands(ctx, &bot.SetMyCommandsParams{Commands: menu}); err != nil {
		return fmt.Errorf("setMyCommands: %w", err)
	}
	return nil
}
