// Package botapi is a simulated Telegram: a Bot API server that a bot reaches over
// HTTP exactly as it reaches the real one, so that the binary which talks to
// Telegram can be rehearsed unchanged by pointing its API address here.
//
// It keeps Telegram's hard rules rather than its features: an update is forgotten
// as soon as a request arrives with a higher offset, one poller ends another,
// messages are checked as strictly as Telegram checks them, and rates are limited.
// Faults can be programmed, every word said in either direction is recorded, and
// people are driven through [Server.Say], [Server.Tap] and [Server.Edit].
//
// The clock is injected: retention, callback deadlines and rate limits follow it.
package botapi

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Config is what a simulated Telegram is made of. Only Token is required.
type Config struct {
	// Token is the bot's secret; requests with another get 401.
	Token string
	// Username is the bot's name without the at sign; default "rehearsal_bot".
	Username string
	// Now is the clock behind message dates, retention, callback deadlines and
	// limits; default time.Now. It is called concurrently.
	Now func() time.Time
	// After makes the channels that end long polls and delayed conflicts; default
	// time.After. It is called concurrently.
	After func(time.Duration) <-chan time.Time
	// FirstUpdateID is the id of the first update; default 100000001.
	FirstUpdateID int64
	// Limits are the sending rates; the zero value sets no limit. See [TelegramLimits].
	Limits Limits
	// NoOffsetQuirk turns off the punishment for asking twice with one offset
	// (within 0.5 s at most one update, within 3 s a wait of at least 3 s).
	NoOffsetQuirk bool
	// CallbackDeadline is how long a tap may wait for its answer; default 15 s.
	CallbackDeadline time.Duration
	// KeepEvents bounds the transcript to the newest so many events; 0 keeps all.
	KeepEvents int
	// KeepMessages bounds what is remembered of each chat; 0 keeps all. Older
	// messages still count as existing, but can no longer be edited or listed.
	KeepMessages int
}

// Server is a simulated Telegram for one bot. All methods may be called
// concurrently. It serves as an http.Handler at once; Start gives it a listener.
type Server struct {
	cfg     Config
	methods map[string]method
	done    chan struct{}
	faults  faults

	mu        sync.Mutex
	queue     queue
	users     map[int64]*User
	chats     map[int64]*chat
	callbacks callbacks
	commands  map[string][]BotCommand
	overall   bucket
	stats     Stats
	log       log

	httpMu sync.Mutex
	http   *http.Server
	served sync.WaitGroup
	closed bool
}

var _ http.Handler = (*Server)(nil)

// method is one Bot API method: it gets the request's parameters and returns what
// becomes "result", or an *apiError.
type method func(params) (any, error)

// New returns a server that knows no chats yet. It panics when Token is empty,
// since every request would be refused.
func New(cfg Config) *Server {
	if cfg.Token == "" {
		panic("botapi: Config.Token is empty")
	}
	if cfg.Username == "" {
		cfg.Username = "rehearsal_bot"
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.After == nil {
		cfg.After = time.After
	}
	if cfg.FirstUpdateID == 0 {
		cfg.FirstUpdateID = 100_000_001
	}
	if cfg.CallbackDeadline == 0 {
		cfg.CallbackDeadline = 15 * time.Second
	}
	s := &Server{
		cfg:      cfg,
		done:     make(chan struct{}),
		users:    make(map[int64]*User),
		chats:    make(map[int64]*chat),
		commands: make(map[string][]BotCommand),
	}
	s.queue.next = cfg.FirstUpdateID
	s.queue.allow(nil)
	s.callbacks.byID = make(map[string]*callback)
	s.stats.Errors = make(map[string]int)
	s.log.changed = make(chan struct{})
	s.log.keep = cfg.KeepEvents
	s.faults.released = make(chan struct{})
	s.methods = s.table()
	return s
}

// table lists the methods by lower-case name, since Telegram ignores case.
func (s *Server) table() map[string]method {
	return map[string]method{
		"getme":                  s.getMe,
		"sendmessage":            s.sendMessage,
		"sendphoto":              s.sendFile("photo"),
		"senddocument":           s.sendFile("document"),
		"editmessagetext":        s.editMessageText,
		"editmessagereplymarkup": s.editMessageReplyMarkup,
		"deletemessage":          s.deleteMessage,
		"setmessagereaction":     s.setMessageReaction,
		"sendchataction":         s.sendChatAction,
		"answercallbackquery":    s.answerCallbackQuery,
		"setmycommands":          s.setMyCommands,
		"getmycommands":          s.getMyCommands,
		"deletemycommands":       s.deleteMyCommands,
		"deletewebhook":          s.deleteWebhook,
		"getwebhookinfo":         s.getWebhookInfo,
	}
}

// Start listens on addr, which must be a loopback address ("" means 127.0.0.1 with
// any free port), and serves until Close. It returns the base URL to hand to a bot.
func (s *Server) Start(addr string) (url string, err error) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	s.httpMu.Lock()
	defer s.httpMu.Unlock()
	if s.closed || s.http != nil {
		return "", errors.New("botapi: already started or closed")
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(context.Background(), "tcp", addr)
	if err != nil {
		return "", fmt.Errorf("botapi: listen: %w", err)
	}
	if tcp, ok := ln.Addr().(*net.TCPAddr); !ok || !tcp.IP.IsLoopback() {
		_ = ln.Close()
		return "", errors.New("botapi: address is not loopback: " + addr)
	}
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	s.served.Go(func() { _ = s.http.Serve(ln) })
	return "http://" + ln.Addr().String(), nil
}

// Close drops every connection, ends subscriptions and waits until no request is
// being served. It may be called more than once.
func (s *Server) Close() {
	s.httpMu.Lock()
	first := !s.closed
	s.closed = true
	srv := s.http
	s.httpMu.Unlock()
	if first {
		close(s.done)
	}
	if srv != nil {
		_ = srv.Close()
	}
	s.served.Wait()
}

// enter counts a request that is being served; it reports false after Close.
func (s *Server) enter() bool {
	s.httpMu.Lock()
	defer s.httpMu.Unlock()
	if s.closed {
		return false
	}
	s.served.Add(1)
	return true
}

// ServeHTTP answers /bot<token>/<method>. A dropped connection is expressed as
// http.ErrAbortHandler, which net/http turns into a closed connection.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		panic(http.ErrAbortHandler)
	}
	defer s.served.Done()
	token, name, ok := splitPath(r.URL.Path)
	if !ok {
		writeError(w, &apiError{Code: http.StatusNotFound, Description: "Not Found"})
		return
	}
	if token != s.cfg.Token {
		writeError(w, s.refused(name, nil, &apiError{Code: http.StatusUnauthorized, Description: "Unauthorized"}))
		return
	}
	p, err := readParams(w, r)
	if err != nil {
		writeError(w, s.refused(name, nil, err))
		return
	}
	if s.misbehave(w, r, name, p) {
		return
	}
	s.call(w, r, name, p)
}

// call runs one method and writes its answer.
func (s *Server) call(w http.ResponseWriter, r *http.Request, name string, p params) {
	lower := strings.ToLower(name)
	if lower == "getupdates" {
		s.getUpdates(w, r, p)
		return
	}
	m, ok := s.methods[lower]
	if !ok {
		writeError(w, s.refused(name, p, &apiError{Code: http.StatusNotFound, Description: "Not Found: method not found"}))
		return
	}
	result, err := m(p)
	if err != nil {
		writeError(w, s.refused(name, p, err))
		return
	}
	writeResult(w, result)
}

// splitPath takes "/bot<token>/<method>" apart.
func splitPath(path string) (token, name string, ok bool) {
	rest, ok := strings.CutPrefix(path, "/bot")
	if !ok {
		return "", "", false
	}
	token, name, ok = strings.Cut(rest, "/")
	return token, strings.Trim(name, "/"), ok
}
