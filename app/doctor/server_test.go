package doctor

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"healthagent/app/admin"
	"healthagent/app/config"
	"healthagent/app/telegram"
	"healthagent/tui/source"
)

// now is the time of every test.
func now() time.Time { return time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC) }

const bot = "4711000:a-token-of-nobody"

// ward is an installed server in a directory: its files, and what its service manager says. It is well until a test breaks something.
type ward struct {
	t      *testing.T
	root   string
	env    map[string]string // the environment, and the env file
	units  map[string]unit   // by name
	says   map[string]string // what a program says, by its name
	Me     func(context.Context) (telegram.Identity, error)
	Change func(*Patient)
}

// well makes a server on which everything is as install.sh leaves it. There is no database.
func newWard(t *testing.T) *ward {
	t.Helper()
	// what t.TempDir gives is too long a name for a socket
	root, err := os.MkdirTemp("", "ward")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(root) })
	w := &ward{t: t, root: root, says: map[string]string{
		"systemd-analyze": "  NAME  DESCRIPTION\n\n→ Overall exposure level for healthagent.service: 1.1 OK :-)\n",
	}}
	w.env = map[string]string{
		"TELEGRAM_TOKEN_FILE": tokenFile, "HEALTHAGENT_ADMINS": "5", "REDIS_URL": "unix:///run/redis-healthagent/redis.sock",
		"DATABASE_URL": "postgres://healthagent@/healthagent?host=/run/postgresql&port=5433",
	}
	for dir, mode := range map[string]os.FileMode{
		"/run/systemd/system": 0o755, unitDir: 0o755, credentialDir: 0o700, serviceState: 0o700, serviceBackup: 0o700, "/run/healthagent": 0o750,
		"/usr/local/bin": 0o755, "/usr/local/lib/healthagent/releases/1.0.0": 0o755, "/proc/77": 0o755, "/etc/postgresql/15/healthagent": 0o755,
	} {
		w.dir(dir, mode)
	}
	const program = "/usr/local/lib/healthagent/releases/1.0.0/healthagent"
	w.write(program, 0o755, "#!")
	w.link(installedProgram, filepath.Join(w.root, program))
	w.link("/proc/77/exe", filepath.Join(w.root, program))
	w.write("/proc/meminfo", 0o644, "MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable:   500 kB\n")
	w.write(tokenFile, 0o600, bot+"\n")
	w.write("/etc/postgresql/15/healthagent/start.conf", 0o644, "# comment\n\nauto\n")
	for name, text := range unitTexts() {
		w.write(name, 0o644, text)
	}
	w.units = map[string]unit{
		serviceUnit: {
			"LoadState": "loaded", "UnitFileState": "enabled", "ActiveState": "active", "SubState": "running", "Result": "success",
			"NRestarts": "0", "WatchdogUSec": "30s", "NeedDaemonReload": "no", "MainPID": "77", "StatusText": "serving",
		},
		backupUnit:                          {"LoadState": "loaded", "ActiveState": "inactive", "Result": "success", "ExecMainExitTimestamp": "Mon 2026-05-04 03:00:00 UTC"},
		timerUnit:                           {"LoadState": "loaded", "ActiveState": "active", "UnitFileState": "enabled"},
		redisUnit:                           {"LoadState": "loaded", "ActiveState": "active", "UnitFileState": "enabled"},
		"postgresql@15-healthagent.service": {"LoadState": "loaded", "ActiveState": "active", "UnitFileState": "indirect"},
	}
	return w
}

func unitTexts() map[string]string {
	return map[string]string{
		unitDir + serviceUnit: "[Service]\nLoadCredential=telegram-token:" + tokenFile + "\n",
		unitDir + backupUnit:  "[Service]\n", unitDir + timerUnit: "[Timer]\n",
	}
}

func (w *ward) at(path string) string { return filepath.Join(w.root, path) }

func (w *ward) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *ward) dir(path string, mode os.FileMode) {
	w.must(os.MkdirAll(w.at(path), 0o755))
	w.must(os.Chmod(w.at(path), mode))
}

func (w *ward) write(path string, mode os.FileMode, text string) {
	w.must(os.MkdirAll(filepath.Dir(w.at(path)), 0o755))
	w.must(os.WriteFile(w.at(path), []byte(text), mode))
	w.must(os.Chmod(w.at(path), mode))
}

func (w *ward) link(path, target string) { w.must(os.Symlink(target, w.at(path))) }
func (w *ward) remove(path string)       { w.must(os.RemoveAll(w.at(path))) }
func (w *ward) chmod(path string, mode os.FileMode) {
	w.must(os.Chmod(w.at(path), mode))
}

// run is the service manager and its kin.
func (w *ward) run(_ context.Context, name string, args ...string) (string, error) {
	if name != "systemctl" {
		return w.says[name], nil
	}
	if said, broken := w.says["systemctl"]; broken {
		return said, fmt.Errorf("exit status 1")
	}
	var out strings.Builder
	for _, arg := range args {
		if u, known := w.units[arg]; known {
			fmt.Fprintf(&out, "Id=%s\n", arg)
			for key, value := range u {
				fmt.Fprintf(&out, "%s=%s\n", key, value)
			}
			out.WriteByte('\n')
		}
	}
	return out.String(), nil
}

// patient is the server as root sees it.
func (w *ward) patient() Patient {
	w.t.Helper()
	var file strings.Builder
	for name, value := range w.env {
		fmt.Fprintf(&file, "%s=\"%s\"\n", name, value)
	}
	if _, err := os.Stat(w.at(config.DefaultEnvFile)); err != nil {
		w.write(config.DefaultEnvFile, 0o600, file.String())
	}
	cfg, report, _ := config.Load(config.Options{
		Getuid: func() int { return 0 }, ReadFile: func(path string) ([]byte, error) { return os.ReadFile(w.at(path)) },
	})
	me := os.Getuid()
	p := Patient{
		Config: cfg, Report: report, Version: "1.0.0", UID: me, Owner: me, Service: &Account{Name: "healthagent", UID: me, GID: os.Getgid()},
		Root: w.root, Units: unitTexts(), Run: w.run, Sockets: cfg.ClientSockets(), Now: now,
		Database:     Database{Why: "there is none in this test"},
		Synchronised: func() (bool, error) { return true, nil },
		Telegram: func(context.Context) (telegram.Identity, error) {
			return telegram.Identity{ID: 4711000, Username: "b", Date: now()}, nil
		},
	}
	if w.Me != nil {
		p.Telegram = w.Me
	}
	if w.Change != nil {
		w.Change(&p)
	}
	return p
}

// serve answers on the server's socket like a daemon.
func (w *ward) serve(r admin.Readiness, d *source.Doctor) {
	w.t.Helper()
	l, err := admin.Listen(w.at(serviceSocket))
	w.must(err)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	s := admin.Source{
		Ready: func(context.Context) admin.Readiness { return r }, Snapshot: func(context.Context) any { return nil },
		Metrics: func(context.Context) any { return nil },
	}
	if d != nil {
		s.Doctor = func(context.Context) (any, error) { return d, nil }
	}
	go func() { done <- admin.Serve(ctx, l, admin.Handler(s, slog.New(slog.DiscardHandler))) }()
	w.t.Cleanup(func() { stop(); <-done })
}

// ready is a daemon that is well.
func ready() admin.Readiness {
	c := map[string]admin.Component{}
	for _, name := range []string{"postgresql", "cache", "telegram", "sending", "outbox", "inbox", "leader", "indexes"} {
		c[name] = admin.Component{Verdict: admin.OK, Text: "fine"}
	}
	r := admin.Judge(c)
	r.Version = "1.0.0"
	return r
}

// findings are those of a look by their codes. Each that is not well says what to do.
func findings(t *testing.T, p Patient) map[string]source.Finding {
	t.Helper()
	r := Run(t.Context(), p)
	out := map[string]source.Finding{}
	for _, f := range r.Checks {
		if (f.Verdict == source.Warn || f.Verdict == source.Fail) && f.Remedy == "" {
			t.Errorf("%s has no remedy: %s", f.Code, f.Text)
		}
		if f.Text == "" || f.Title == "" || strings.Contains(f.Text+f.Remedy, bot) || strings.Contains(f.Text, "\n") {
			t.Errorf("%+v", f)
		}
		if _, twice := out[f.Code]; twice {
			t.Errorf("%s is there twice", f.Code)
		}
		out[f.Code] = f
	}
	return out
}

// says holds a finding against a verdict, a part of its text and a part of its remedy.
func says(t *testing.T, found map[string]source.Finding, code string, verdict source.Verdict, text, remedy string) {
	t.Helper()
	f, there := found[code]
	if !there || f.Verdict != verdict || !strings.Contains(f.Text, text) || !strings.Contains(f.Remedy, remedy) {
		t.Errorf("%s: want %s with %q and %q, got %s\n  %s\n  %s", code, verdict, text, remedy, f.Verdict, f.Text, f.Remedy)
	}
}

func identityNow() telegram.Identity {
	return telegram.Identity{ID: 4711000, Username: "b", Date: time.Now()}
}
