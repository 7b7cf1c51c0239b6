package telegram

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"healthagent/app/rehearsal/botapi"
	"healthagent/store"
	"healthagent/test/rig"
)

const token = "4242:a-secret-of-the-bot"

// patience turns a hang into a failure and measures nothing.
const patience = 2 * time.Minute

// notifySQL makes every change of the queues audible.
const notifySQL = `
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NOTIFY changed; RETURN NULL; END $$;
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON inbox FOR EACH STATEMENT EXECUTE FUNCTION tell();
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE ON outbox FOR EACH STATEMENT EXECUTE FUNCTION tell();`

// world is a service between a simulated Telegram and a real PostgreSQL.
type world struct {
	t      *testing.T
	url    string
	tg     *botapi.Server
	store  *store.Store
	svc    *Service
	coach  *scripted
	db     *pgx.Conn
	logs   *logbook
	change *change

	mu    sync.Mutex
	naps  []time.Duration
	end   context.CancelFunc
	ended chan error
}

// change wakes whoever waits for something to happen.
type change struct {
	mu sync.Mutex
	ch chan struct{}
}

func (c *change) happened() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.ch)
	c.ch = make(chan struct{})
}

func (c *change) next() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ch
}

// logbook keeps what is logged.
type logbook struct {
	mu     sync.Mutex
	buf    bytes.Buffer
	change *change
}

func (l *logbook) Write(b []byte) (int, error) {
	l.mu.Lock()
	n, err := l.buf.Write(b)
	l.mu.Unlock()
	l.change.happened()
	return n, err
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

type option func(*botapi.Config, *Config)

func newWorld(t *testing.T, options ...option) *world {
	t.Helper()
	return newWorldAt(t, rig.Postgres(t), options...)
}

func newWorldAt(t *testing.T, url string, options ...option) *world {
	t.Helper()
	w := &world{t: t, url: url, change: &change{ch: make(chan struct{})}}
	w.logs = &logbook{change: w.change}
	tgConfig := botapi.Config{Token: token, NoOffsetQuirk: true, CallbackDeadline: time.Hour}
	config := Config{
		Token: token, Open: true, Now: time.Now, Drain: patience,
		Logger: slog.New(slog.NewTextHandler(w.logs, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, o := range options {
		o(&tgConfig, &config)
	}
	w.tg = botapi.New(tgConfig)
	t.Cleanup(w.tg.Close)
	api, err := w.tg.Start("")
	if err != nil {
		t.Fatal(err)
	}
	w.store, err = store.Open(context.Background(), store.Config{URL: w.url, SlowQuery: time.Hour, PoolMax: 12})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.store.Close)
	w.db = w.connect()
	if _, err := w.db.Exec(t.Context(), notifySQL); err != nil {
		t.Fatal(err)
	}
	config.APIURL, config.Store = api, w.store
	w.svc = w.service(config)
	w.coach = newScripted(w.store, w.svc, w.change)
	w.listen()
	return w
}

func (w *world) service(c Config) *Service {
	w.t.Helper()
	svc, err := New(c)
	if err != nil {
		w.t.Fatal(err)
	}
	svc.sleep = w.nap
	w.t.Cleanup(svc.client.CloseIdleConnections)
	return svc
}

// nap notes how long the service wants to pause and pauses for a moment.
func (w *world) nap(ctx context.Context, d time.Duration) bool {
	w.mu.Lock()
	w.naps = append(w.naps, d)
	w.mu.Unlock()
	w.change.happened()
	return sleep(ctx, min(d, 5*time.Millisecond))
}

func (w *world) pauses() []time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.naps)
}

func (w *world) connect() *pgx.Conn {
	w.t.Helper()
	conn, err := pgx.Connect(w.t.Context(), w.url)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// listen makes every event of Telegram and of the database wake those who wait.
func (w *world) listen() {
	conn := w.connect()
	ctx, cancel := context.WithCancel(context.Background())
	var both sync.WaitGroup
	w.t.Cleanup(func() { cancel(); both.Wait() })
	events := w.tg.Subscribe(ctx)
	both.Go(func() {
		for range events {
			w.change.happened()
		}
	})
	if _, err := conn.Exec(ctx, `LISTEN changed`); err != nil {
		w.t.Fatal(err)
	}
	both.Go(func() {
		for {
			if _, err := conn.WaitForNotification(ctx); err != nil {
				return
			}
			w.change.happened()
		}
	})
}

// start runs the service until stop or the test's end.
func (w *world) start() {
	w.t.Helper()
	w.run(w.svc, w.coach)
}

func (w *world) run(svc *Service, h handler) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	w.end, w.ended = cancel, ended
	go func() { ended <- svc.Run(ctx, h) }()
	w.t.Cleanup(func() { cancel(); ended <- <-ended })
}

// stop ends the service and returns when it has ended.
func (w *world) stop() {
	w.t.Helper()
	w.end()
	w.returned()
}

func (w *world) returned() {
	w.t.Helper()
	select {
	case err := <-w.ended:
		w.ended <- err
		if err != nil {
			w.t.Fatalf("Run: %v", err)
		}
	case <-time.After(patience):
		w.t.Fatal("Run does not return")
	}
}

// eventually waits until cond holds, which is asked after everything that happens, and now and then for what happens without a
// sign.
func (w *world) eventually(what string, cond func() bool) {
	w.t.Helper()
	over := time.After(patience)
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	for {
		next := w.change.next()
		if cond() {
			return
		}
		select {
		case <-next:
		case <-look.C:
		case <-over:
			w.t.Fatalf("never: %s\nstate %+v\ntelegram %+v\n%s", what, w.svc.State(), w.tg.Stats(), tail(w.logs.String(), 4000))
		}
	}
}

func tail(s string, n int) string { return s[max(0, len(s)-n):] }

func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	if _, err := w.db.Exec(w.t.Context(), sql, args...); err != nil {
		w.t.Fatal(err)
	}
}

// query is one value of the database, as text.
func (w *world) query(sql string, args ...any) string {
	w.t.Helper()
	var text string
	if err := w.db.QueryRow(w.t.Context(), `SELECT coalesce((`+sql+`)::text, 'null')`, args...).Scan(&text); err != nil {
		w.t.Fatal(err)
	}
	return text
}

func (w *world) becomes(want, sql string, args ...any) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("%s = %s", sql, want), func() bool { return w.query(sql, args...) == want })
}

// texts are what the bot sent to a chat.
func (w *world) texts(chat int64) []string {
	var list []string
	for _, m := range w.tg.Sent(chat) {
		list = append(list, m.Text)
	}
	return list
}

// sent waits until the bot has sent n messages to a chat.
func (w *world) sent(chat int64, n int) {
	w.t.Helper()
	w.eventually(fmt.Sprintf("%d messages to %d", n, chat), func() bool { return len(w.tg.Sent(chat)) >= n })
}

// secretless fails when the log holds what it must not.
func (w *world) secretless(more ...string) {
	w.t.Helper()
	logged := w.logs.String()
	for part, trouble := range w.svc.State().Trouble {
		logged += part + trouble.Text
	}
	for _, secret := range append(more, token, "a-secret-of-the-bot") {
		if strings.Contains(logged, secret) {
			w.t.Errorf("%q is in the log:\n%s", secret, tail(logged, 4000))
		}
	}
}
