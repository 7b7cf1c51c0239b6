package app

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"healthagent/app/admin"
	"healthagent/app/config"
	"healthagent/app/fault"
	"healthagent/app/rehearsal/botapi"
	"healthagent/migrations"
	"healthagent/store/local"
	"healthagent/test/rig"
)

const token = "4242:a-secret-of-the-bot"

// house is a service that runs inside the test, with a simulated Telegram and an ear for what it tells its manager.
type house struct {
	t       *testing.T
	options Options
	tg      *botapi.Server
	manager *lines
	log     *lines
	dir     string
	stop    context.CancelFunc
	ended   chan error
}

// newHouse prepares a service; settings are NAME=value.
func newHouse(t *testing.T, settings ...string) *house {
	t.Helper()
	h := &house{t: t, manager: newLines(), log: newLines(), tg: botapi.New(botapi.Config{Token: token, NoOffsetQuirk: true})}
	t.Cleanup(h.tg.Close)
	var err error
	if h.dir, err = os.MkdirTemp(local.TempBase(), "app"); err == nil {
		err = os.Chmod(h.dir, 0o711) // a private server's own user passes through
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(h.dir); err != nil {
			t.Error(err)
		}
	})
	h.hearNotifications()
	url, err := h.tg.Start("")
	if err != nil {
		t.Fatal(err)
	}
	environ := append([]string{
		"TELEGRAM_TOKEN=" + token, "TELEGRAM_API_URL=" + url, "HEALTHAGENT_STATE_DIR=" + h.dir + "/state", "HEALTHAGENT_SEND_RATE=0",
		"HEALTHAGENT_ENV_FILE=" + h.dir + "/env", "HEALTHAGENT_ACCESS=open",
	}, settings...)
	if err := os.WriteFile(h.dir+"/env", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, _, err := config.Load(config.Options{Environ: environ})
	if err != nil {
		t.Fatal(err)
	}
	h.options = Options{Config: cfg, Version: "test", Logger: h.log.logger(), Getenv: func(name string) string {
		return map[string]string{"NOTIFY_SOCKET": h.dir + "/notify", "WATCHDOG_USEC": "60000", "WATCHDOG_PID": strconv.Itoa(os.Getpid())}[name]
	}}
	return h
}

// hearNotifications is systemd's end of the socket.
func (h *house) hearNotifications() {
	h.t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: h.dir + "/notify", Net: "unixgram"})
	if err != nil {
		h.t.Fatal(err)
	}
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		buf := make([]byte, 4096)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			h.manager.add(string(buf[:n]))
		}
	}()
	h.t.Cleanup(func() {
		_ = conn.Close()
		<-heard
	})
}

func (h *house) start() {
	h.t.Helper()
	ctx, stop := context.WithCancel(h.t.Context())
	h.stop, h.ended = stop, make(chan error, 1)
	go func() { h.ended <- Serve(ctx, h.options) }()
	h.t.Cleanup(stop)
}

// end asks the service to stop and waits for it.
func (h *house) end() {
	h.t.Helper()
	h.stop()
	if err := h.wait(); err != nil {
		h.t.Errorf("the service ended with %v", err)
	}
}

func (h *house) wait() error {
	h.t.Helper()
	select {
	case err := <-h.ended:
		return err
	case <-time.After(patience):
		h.t.Fatalf("the service does not end; its log:\n%s", h.log)
		return nil
	}
}

// get asks over the admin socket.
func (h *house) get(path string) (int, map[string]any) {
	h.t.Helper()
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", h.options.Config.AdminSocket)
	}}
	res, err := (&http.Client{Transport: transport, Timeout: patience}).Get("http://localhost" + path)
	if err != nil {
		h.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	if strings.Contains(string(raw), "a-secret-of-the-bot") {
		h.t.Errorf("%s tells the token", path)
	}
	var doc map[string]any
	if err := json.Unmarshal(raw, &doc); err != nil {
		h.t.Fatalf("%s: %v in %s", path, err, raw)
	}
	return res.StatusCode, doc
}

// at reads a member of a document: at(doc, "database", "pool").
func at(doc any, path ...string) any {
	for _, name := range path {
		m, ok := doc.(map[string]any)
		if !ok {
			return nil
		}
		doc = m[name]
	}
	return doc
}

func leaks(t *testing.T) {
	t.Helper()
	// what runs when the test begins is other tests'
	ignore := goleak.IgnoreCurrent()
	t.Cleanup(func() {
		goleak.VerifyNone(t, ignore,
			// connections kept to the simulated Telegram, which end with it a moment later
			goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"),
			// the cache in memory has a janitor that cannot be stopped
			goleak.IgnoreTopFunction("github.com/hashicorp/golang-lru/v2/expirable.NewLRU[...].func1"))
	})
}

// TestLifeOfTheService starts it before its database, lets it work, takes the database away and stops it.
func TestLifeOfTheService(t *testing.T) { //nolint:paralleltest // it looks for goroutines that are left
	leaks(t)
	server := rig.Cluster(t)
	server.Stop()
	h := newHouse(t, "DATABASE_URL="+server.URL())
	h.start()

	h.manager.await(t, "STATUS=waiting for PostgreSQL: ")
	h.manager.await(t, "EXTEND_TIMEOUT_USEC=40000000")
	h.manager.await(t, "WATCHDOG=1")
	if code, doc := h.get("/livez"); code != 200 || at(doc, "live") != true {
		t.Errorf("livez while it waits: %d %v", code, doc)
	}
	if code, doc := h.get("/readyz"); code != 503 || at(doc, "components", "start", "verdict") != "fail" ||
		!strings.HasPrefix(at(doc, "components", "start", "text").(string), "waiting for PostgreSQL: ") {
		t.Errorf("readyz while it waits: %d %v", code, doc)
	}
	if _, doc := h.get("/api/v1/metrics"); at(doc, "database", "pool") != nil || at(doc, "cache") != nil || at(doc, "system", "memory_bytes") == nil {
		t.Errorf("metrics while it waits: %v", doc)
	}
	if code, doc := h.get("/v1/snapshot"); code != 200 || at(doc, "version") != "test" || at(doc, "queues") != nil {
		t.Errorf("snapshot while it waits: %d %v", code, doc)
	}
	if found, _ := h.manager.has("READY=1"); found {
		t.Error("it says that it is ready without a database")
	}

	server.Start()
	h.manager.await(t, "READY=1")
	h.log.await(t, "this process works for the bot")
	h.tg.Say(7, "2 eggs")
	h.awaitReply("egg, 2 large")
	if code, doc := h.get("/readyz"); code != 200 || at(doc, "ready") != true || at(doc, "status") != "ok" {
		t.Errorf("readyz: %d %v", code, doc)
	} else {
		for _, part := range []string{"postgresql", "cache", "telegram", "sending", "outbox", "inbox", "leader"} {
			if at(doc, "components", part, "verdict") != "ok" {
				t.Errorf("%s is %v", part, at(doc, "components", part))
			}
		}
	}
	h.checkMetrics()
	h.refuseSecond()

	server.Stop()
	if code, doc := h.get("/readyz"); code != 503 || at(doc, "components", "postgresql", "verdict") != "fail" {
		t.Errorf("readyz without its database: %d %v", code, doc)
	}
	if _, doc := h.get("/v1/snapshot"); at(doc, "queues") != nil || at(doc, "pool") == nil {
		t.Errorf("snapshot without its database: %v", doc)
	}
	h.tg.Say(7, "100 g rice")
	server.Start()
	h.awaitReply("rice — 100 g")

	h.end()
	h.manager.await(t, "STOPPING=1")
	h.log.await(t, "msg=stopped")
	if _, err := os.Stat(h.options.Config.AdminSocket); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket stays behind: %v", err)
	}
	if strings.Contains(h.log.String()+h.manager.String(), "a-secret-of-the-bot") {
		t.Error("the log tells the token")
	}
}

// awaitReply waits until the bot has sent a text that holds the part.
func (h *house) awaitReply(part string) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	err := h.tg.Wait(ctx, func(tr *botapi.Transcript) bool {
		return slices.ContainsFunc(tr.Events(), func(e botapi.Event) bool { return e.Kind == botapi.Sent && strings.Contains(e.Text, part) })
	})
	if err != nil {
		h.t.Fatalf("no reply with %q: %v; the log:\n%s", part, err, h.log)
	}
}

func (h *house) checkMetrics() {
	h.t.Helper()
	_, doc := h.get("/api/v1/metrics")
	for _, path := range [][]string{
		{"system", "cpu_percent"},
		{"system", "memory_bytes"},
		{"system", "uptime_s"},
		{"database", "pool", "size"},
		{"database", "pool", "available"},
		{"database", "pool", "active"},
		{"database", "pool", "min_size"},
		{"database", "pool", "max_size"},
		{"database", "queries", "slow"},
		{"cache", "hits"},
		{"cache", "misses"},
		{"cache", "sets"},
		{"cache", "deletes"},
		{"cache", "errors"},
		{"cache", "hit_rate"},
	} {
		if _, number := at(doc, path...).(float64); !number {
			h.t.Errorf("metrics have no %s: %v", strings.Join(path, "."), doc)
		}
	}
	_, doc = h.get("/v1/snapshot")
	for _, part := range []string{"time", "version", "uptime_s", "ready", "system", "pool", "queries", "cache", "queues", "telegram"} {
		if at(doc, part) == nil {
			h.t.Errorf("the snapshot has no %s", part)
		}
	}
}

// refuseSecond starts a second service on the same socket, and another on the same bot.
func (h *house) refuseSecond() {
	h.t.Helper()
	if err := Serve(h.t.Context(), h.options); fault.KindOf(err) != fault.Conflict {
		h.t.Errorf("a second service on the socket: %v", err)
	}
	second := *h
	second.manager, second.log = newLines(), newLines()
	second.options.Logger = second.log.logger()
	second.options.Getenv = func(string) string { return "" }
	second.options.Config.AdminSocket = h.dir + "/second.sock"
	second.start()
	second.log.await(h.t, "not working for the bot")
	if code, doc := second.get("/readyz"); code != 503 || !strings.Contains(at(doc, "components", "leader", "text").(string), "another process") {
		h.t.Errorf("readyz of the second: %d %v", code, doc)
	}
	second.end()
}

func TestServeRefusesAnIncompleteDatabase(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "DATABASE_URL="+rig.EmptyDatabase(t), "HEALTHAGENT_MIGRATE=off")
	h.start()
	err := h.wait()
	if fault.KindOf(err) != fault.Conflict || !strings.Contains(fault.Sentence(err), "healthagent migrate up") {
		t.Errorf("it ended with %v", err)
	}
}

func TestServeWithoutMigrating(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "DATABASE_URL="+rig.Postgres(t), "HEALTHAGENT_MIGRATE=off")
	h.start()
	h.manager.await(t, "READY=1")
	h.end()
}

// After an upgrade whose migration failed, the program before it starts again: what the ledger says of the failure is not about it.
func TestServeAfterAFailedMigrationOfANewerProgram(t *testing.T) {
	t.Parallel()
	url := rig.Postgres(t)
	newer := fstest.MapFS{
		"901_fails.sql":                    {Data: []byte("SELECT 1 / 0;")},
		"rollbacks/901_fails_rollback.sql": {Data: []byte("SELECT 1;")},
	}
	if err := fs.WalkDir(migrations.Files(), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(migrations.Files(), path)
		newer[path] = &fstest.MapFile{Data: text}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	engine, err := migrations.New(migrations.Config{URL: url, FS: newer, BinaryVersion: "newer"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := engine.Up(t.Context(), migrations.UpOptions{}); err == nil {
		t.Fatal("the migration did not fail")
	}
	h := newHouse(t, "DATABASE_URL="+url)
	h.start()
	h.manager.await(t, "READY=1")
	h.end()
}

func TestServeWithItsOwnCluster(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.start()
	h.manager.await(t, "STATUS=starting the private PostgreSQL")
	h.manager.await(t, "READY=1")
	h.tg.Say(7, "2 eggs")
	h.awaitReply("egg, 2 large")
	want := os.FileMode(0o700)
	if os.Geteuid() == 0 {
		want = 0o711
	}
	if info, err := os.Stat(filepath.Join(h.dir, "state")); err != nil || info.Mode().Perm() != want {
		t.Errorf("the state directory: %v %v", info.Mode(), err)
	}
	h.end()
}

func TestServeStopsWhileItWaits(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "DATABASE_URL=postgres://nobody@127.0.0.1:1/none")
	h.start()
	h.manager.await(t, "STATUS=waiting for PostgreSQL")
	h.end()
}

func TestServeNeedsAToken(t *testing.T) {
	t.Parallel()
	h := newHouse(t, "DATABASE_URL=postgres://nobody@127.0.0.1:1/none")
	h.options.Config.TelegramToken = config.Config{}.TelegramToken
	if err := Serve(t.Context(), h.options); fault.KindOf(err) != fault.Config {
		t.Errorf("without a token: %v", err)
	}
}

func TestWatchdogIsFedWhileLoopsTurn(t *testing.T) {
	t.Parallel()
	c := &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	d := &daemon{now: c.Now}
	phase := "starting"
	d.phase.Store(&phase)
	if !d.turns(time.Minute) {
		t.Error("a start that takes its time is not fed")
	}
	d.phase.Store(nil)
	d.beat.Store(c.Now().UnixNano())
	c.set(c.Now().Add(29 * time.Second))
	if !d.turns(10 * time.Second) {
		t.Error("a loop that turned 29 s ago is not fed")
	}
	c.set(c.Now().Add(2 * time.Second))
	if d.turns(10*time.Second) || !d.turns(time.Minute) {
		t.Error("31 s are too long for 10 s, and not for a minute")
	}
}

// A cache or a Telegram that is away is a warning: the service stays ready and comes back by itself.
func TestReadinessWhenServersAreAway(t *testing.T) {
	t.Parallel()
	redis := rig.RedisServer(t)
	h := newHouse(t, "DATABASE_URL="+rig.Postgres(t), "REDIS_URL="+redis.URL())
	h.start()
	h.log.await(t, "this process works for the bot")
	h.tg.Say(7, "2 eggs")
	h.awaitReply("egg, 2 large")
	if code, doc := h.get("/readyz"); code != 200 || at(doc, "status") != "ok" || at(doc, "components", "cache", "text") != "redis" {
		t.Errorf("readyz: %d %v", code, doc)
	}
	redis.Stop()
	if code, doc := h.get("/readyz"); code != 200 || at(doc, "status") != "degraded" || at(doc, "components", "cache", "verdict") != "warn" {
		t.Errorf("readyz without Redis: %d %v", code, doc)
	}
	h.tg.Say(7, "100 g rice")
	h.awaitReply("rice — 100 g")
	h.tg.Outage(true)
	h.tg.Say(7, "an apple") // ends the long poll, whose next finds nobody
	h.log.await(t, "asking for updates")
	if code, doc := h.get("/readyz"); code != 200 || at(doc, "components", "telegram", "verdict") != "warn" || at(doc, "components", "telegram", "since") == nil {
		t.Errorf("readyz without Telegram: %d %v", code, doc)
	}
	h.tg.Outage(false)
	h.awaitReply("apple")
	h.end()
}

// Whoever asks between READY and the lock is not told of a fault; who is kept from the lock is, from the first moment on.
func TestALockThatIsAboutToBeTaken(t *testing.T) {
	t.Parallel()
	after := time.Second
	d := &daemon{started: time.Unix(0, 0)}
	d.now = func() time.Time { return d.started.Add(after) }
	check := func(verdict admin.Verdict, text string) {
		t.Helper()
		if c := d.judgeLeader(); c.Verdict != verdict || c.Text != text {
			t.Errorf("%s, %q after %s; want %s, %q", c.Verdict, c.Text, after, verdict, text)
		}
	}
	check(admin.Warn, "the bot's lock is not held yet")
	after = begins
	check(admin.Fail, "the bot's lock is not held yet")
	rival := "another one leads"
	d.rival.Store(&rival)
	after = time.Second
	check(admin.Fail, rival)
	d.leads.Store(true)
	check(admin.OK, "this process works for the bot")
}

func TestStatusLineNamesTheWorst(t *testing.T) {
	t.Parallel()
	for want, parts := range map[string]map[string]admin.Component{
		"serving":                        {"a": {Verdict: admin.OK}},
		"degraded: b: away":              {"a": {Verdict: admin.OK}, "b": {Verdict: admin.Warn, Text: "away"}},
		"failing: inbox: cannot be read": {"a": {Verdict: admin.Warn}, "inbox": {Verdict: admin.Fail, Text: "cannot be read"}},
		"failing: postgresql: away":      {"leader": {Verdict: admin.Fail, Text: "no lock"}, "postgresql": {Verdict: admin.Fail, Text: "away"}},
	} {
		if got := statusLine(admin.Judge(parts)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
