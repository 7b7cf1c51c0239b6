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
	config  Config
	botID   int64
	api     string
	admins  map[int64]struct{}
	log     *slog.Logger
	now     func() time.Time
	client  *http.Client
	bot     *bot.Bot
	handler handler

	pollTime, callTime, revokedPause time.Duration

	wake     chan struct{}
	count    counters
	health   health
	polling  atomic.Bool
	sending  atomic.Int64
	lastPoll atomic.Int64
	lines    atomic.Pointer[dispatcher]
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
		pollTime: pollTime, callTime: 20 * time.Second, revokedPause: time.Minute,
	}
	s.health = health{now: c.Now, sick: map[string]Trouble{}}
	for _, admin := range c.Admins {
		s.admins[admin] = struct{}{}
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.MaxIdleConnsPerHost = underWay + 2
	s.client = &http.Client{Transport: transport}
	s.bot, err = bot.New(c.Token, bot.WithServerURL(s.api), bot.WithSkipGetMe(), bot.WithHTTPClient(pollTime, s.client),
		bot.WithErrorsHandler(func(err error) { s.log.Warn("bot library", "error", s.redact(err)) }))
	if err != nil {
		return nil, errors.New("the Bot API client refuses its settings")
	}
	return s, nil
}

// BotID is the bot's id.
func (s *Service) BotID() int64 { return s.botID }

func (s *Service) redact(err error) string {
	if s.config.Redact == nil {
		return brief(err)
	}
	return s.config.Redact(brief(err))
}

// Render makes of what the coach does what is to be sent. A message points at the one it answers when more than one of its chat
// waits.
func (s *Service) Render(in coach.Incoming, outs []coach.Out) ([]store.Outgoing, error) {
	quote := false
	if d := s.lines.Load(); d != nil {
		quote = d.waiting(lineOf(in.Update)) > 1
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
// as Config.Drain. It must run in one process only: see store.Lead.
func (s *Service) Run(ctx context.Context, h handler) error {
	s.handler = h
	// what is at work when ctx ends goes on until the drain is over
	rest, over := context.WithCancel(context.WithoutCancel(ctx))
	defer over()
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(s.config.Drain, over) })
	defer stop()

	d := newDispatcher()
	s.lines.Store(d)
	defer d.closeWith(ctx)()

	var workers, sending sync.WaitGroup
	for range s.config.Workers {
		workers.Go(func() { s.work(rest, d) })
	}
	sendCtx, sent := context.WithCancel(rest)
	defer sent()
	sending.Go(func() { s.newSender().run(sendCtx, rest) })

	err := s.leftBehind(ctx, d)
	if err == nil {
		s.poll(ctx, d)
	}
	d.close()
	workers.Wait()
	sent()
	sending.Wait()
	return err
}

// leftBehind queues the updates that a process before this one committed and did not finish. It comes before the first poll, so
// that the order of each chat is kept.
func (s *Service) leftBehind(ctx context.Context, d *dispatcher) error {
	var page store.PendingPage
	for {
		updates, err := s.config.Store.Pending(ctx, s.botID, &page, 500)
		if err != nil {
			return fmt.Errorf("load what was left behind: %w", err)
		}
		if len(updates) == 0 || !d.add(updates...) {
			return nil
		}
	}
}

// Greet asks Telegram who the bot is and sets its command menu. It is tried again until it works or ctx ends; nothing waits for it.
func (s *Service) Greet(ctx context.Context, commands []coach.Command) {
	for pause := time.Second; ; pause = min(2*pause, time.Minute) {
		err := s.greet(ctx, commands)
		if err == nil || ctx.Err() != nil {
			return
		}
		s.log.Warn("greeting Telegram", "error", s.redact(err))
		if !sleep(ctx, pause) {
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
