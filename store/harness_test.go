package store_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"healthagent/store"
	"healthagent/test/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }

// patience turns a hang into a failure; nothing is measured by it.
const patience = time.Minute

const bot = 4711

// world is a database of a test's own, the store over it, and a way past the store.
type world struct {
	*store.Store
	t   testing.TB
	url string
	db  *pgx.Conn
	now time.Time
}

func newWorld(t testing.TB, change ...func(*store.Config)) *world {
	t.Helper()
	w := &world{t: t, url: rig.Postgres(t), now: time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)}
	w.db = connect(t, w.url)
	w.Store = w.open(change...)
	return w
}

// open opens another store over the same database: another process, as far as the database can tell.
func (w *world) open(change ...func(*store.Config)) *store.Store {
	w.t.Helper()
	c := store.Config{URL: w.url}
	for _, f := range change {
		f(&c)
	}
	s, err := store.Open(w.t.Context(), c)
	must(w.t, err)
	w.t.Cleanup(s.Close)
	return s
}

func connect(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	must(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// exec runs SQL past the store, like somebody with psql.
func (w *world) exec(sql string, args ...any) {
	w.t.Helper()
	_, err := w.db.Exec(w.t.Context(), sql, args...)
	must(w.t, err)
}

// get reads one value past the store.
func get[T any](w *world, sql string, args ...any) (value T) {
	w.t.Helper()
	must(w.t, w.db.QueryRow(w.t.Context(), sql, args...).Scan(&value))
	return value
}

func (w *world) count(sql string, args ...any) int {
	w.t.Helper()
	return get[int](w, "SELECT count(*) FROM "+sql, args...)
}

func (w *world) member(ids ...int64) {
	w.t.Helper()
	for _, id := range ids {
		w.exec(`INSERT INTO users (telegram_id) VALUES ($1)`, id)
	}
}

// do runs a unit of work that must succeed.
func (w *world) do(work func(context.Context, *store.Tx) error) {
	w.t.Helper()
	must(w.t, w.Do(w.t.Context(), work))
}

func (w *world) receive(updates ...store.Update) map[int64]bool {
	w.t.Helper()
	fresh, err := w.Receive(w.t.Context(), bot, updates, false)
	must(w.t, err)
	return fresh
}

func update(id, user int64) store.Update {
	return store.Update{BotID: bot, ID: id, ChatID: user, UserID: user, Kind: "message", Raw: []byte(`{}`)}
}

func reply(chat int64) store.Outgoing {
	return store.Outgoing{ChatID: chat, Class: store.Reply, Method: "sendMessage", Params: []byte(`{"text":"ok"}`)}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// eventually asks until the answer is yes.
func eventually(t testing.TB, what string, yes func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	over := time.After(patience)
	for !yes() {
		select {
		case <-tick.C:
		case <-over:
			t.Fatalf("never happened: %s", what)
		}
	}
}

// receiveFrom waits for a value.
func receiveFrom[T any](t testing.TB, what string, from <-chan T) (value T) {
	t.Helper()
	select {
	case value = <-from:
	case <-time.After(patience):
		t.Fatalf("never happened: %s", what)
	}
	return value
}

// proxy stands between a store and a server, counts round trips and may lose a request or an answer.
type proxy struct {
	net.Listener
	network, target string
	trips           atomic.Int64
	lose            atomic.Pointer[[]byte] // a connection breaks instead of delivering what holds this

	mu      sync.Mutex
	clients []net.Conn
}

func newProxy(t testing.TB, network, target string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	p := &proxy{Listener: l, network: network, target: target}
	t.Cleanup(func() { _ = l.Close() })
	go p.serve()
	return p
}

// losing has what holds the text lost from now on; nothing is lost any more with an empty one.
func (p *proxy) losing(text string) {
	if text == "" {
		p.lose.Store(nil)
		return
	}
	raw := []byte(text)
	p.lose.Store(&raw)
}

func (p *proxy) delivers(chunk []byte) bool {
	lost := p.lose.Load()
	return lost == nil || !bytes.Contains(chunk, *lost)
}

// proxied opens a store whose way to PostgreSQL is a proxy.
func (w *world) proxied(change ...func(*store.Config)) (*proxy, *store.Store) {
	w.t.Helper()
	cfg, err := pgx.ParseConfig(w.url)
	must(w.t, err)
	network, target := "tcp", net.JoinHostPort(cfg.Host, port(cfg.Port))
	if cfg.Host[0] == '/' {
		network, target = "unix", filepath.Join(cfg.Host, ".s.PGSQL."+port(cfg.Port))
	}
	p := newProxy(w.t, network, target)
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(cfg.User, cfg.Password), Host: p.Addr().String(),
		Path: "/" + cfg.Database, RawQuery: "sslmode=disable",
	}
	return p, w.open(append(change, func(c *store.Config) { c.URL = u.String() })...)
}

// proxiedRedis makes a world whose way to Redis is a proxy. opt is the way past it.
func proxiedRedis(t *testing.T) (w *world, p *proxy, opt *redis.Options) {
	t.Helper()
	opt, err := redis.ParseURL(rig.Redis(t))
	must(t, err)
	p = newProxy(t, opt.Network, opt.Addr)
	w = newWorld(t, func(c *store.Config) { c.RedisURL = fmt.Sprintf("redis://%s/%d", p.Addr(), opt.DB) })
	return w, p, opt
}

func port(n uint16) string { return (&net.TCPAddr{Port: int(n)}).String()[1:] }

func (p *proxy) serve() {
	for {
		client, err := p.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial(p.network, p.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.clients = append(p.clients, client)
		p.mu.Unlock()
		var answered atomic.Bool // the server spoke last
		answered.Store(true)
		go pipe(client, server, func(chunk []byte) bool {
			if len(chunk) == 16 && binary.BigEndian.Uint32(chunk[4:]) == 80877102 {
				return false // requests to cancel are lost
			}
			if answered.Swap(false) {
				p.trips.Add(1)
			}
			return p.delivers(chunk)
		})
		go pipe(server, client, func(chunk []byte) bool {
			answered.Store(true)
			return p.delivers(chunk)
		})
	}
}

// hangUp breaks the store's side of all connections; the server's stays until it wants to answer.
func (p *proxy) hangUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.clients {
		_ = c.Close()
	}
	p.clients = nil
}

func pipe(from, to net.Conn, pass func([]byte) bool) {
	defer func() { _, _ = from.Close(), to.Close() }() // a server in the middle of a statement does not notice
	chunk := make([]byte, 64<<10)
	for {
		n, err := from.Read(chunk)
		if n > 0 {
			if !pass(chunk[:n]) {
				return
			}
			if _, err := to.Write(chunk[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// words puts values into one line.
func words(values ...any) string { return strings.TrimSuffix(fmt.Sprintln(values...), "\n") }
