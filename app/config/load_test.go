package config_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"healthagent/app/config"
	"healthagent/app/fault"
)

const (
	token    = "123456789:AAqq-fixture_7hK2"
	tokenKey = "AAqq-fixture_7hK2"
)

// files is a file system of texts; a text that begins with "error " cannot be read.
type files map[string]string

func (f files) read(path string) ([]byte, error) {
	text, ok := f[path]
	switch {
	case !ok:
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	case text == "unreadable":
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrPermission}
	}
	return []byte(text), nil
}

func load(uid int, f files, flags map[string]string, environ ...string) (config.Config, *config.Report, error) {
	return config.Load(config.Options{
		Environ: environ, Flags: flags, ReadFile: f.read,
		Getuid: func() int { return uid },
	})
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	c, report, err := load(1000, nil, nil, "HOME=/home/ann", "XDG_RUNTIME_DIR=/run/user/1000")
	if err != nil {
		t.Fatal(err)
	}
	got := []any{
		c.TelegramToken, c.TelegramAPIURL, c.DatabaseURL, c.RedisURL, c.Access, len(c.Admins), c.StateDir, c.AdminSocket,
		c.EnvFile, c.PoolMin, c.PoolMax, c.SlowQuery, c.SendRate, c.Migrate, c.LogLevel, c.LogFormat, c.Color,
	}
	want := []any{
		config.Secret(""), "https://api.telegram.org", config.Secret(""), config.Secret(""), config.AccessInvite, 0,
		"/home/ann/.local/state/healthagent", "/run/user/1000/healthagent/admin.sock",
		"", 0, 0, 50 * time.Millisecond,
		config.SendRate{PerSecond: 29.5, PerChat: 1},
		config.MigrateAuto,
		slog.LevelInfo, config.LogText, "auto",
	}
	if !slices.Equal(got, want) {
		t.Errorf("defaults\n got %v\nwant %v", got, want)
	}
	if len(report.Warnings) != 0 || len(report.Values) != len(config.Table()) {
		t.Errorf("report: %d values, warnings %v", len(report.Values), report.Warnings)
	}
}

// TestPrecedence takes one source after the other away, strongest first.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	disk := files{
		"/creds/healthagent-access": "open\n",
		"/access":                   "invite\n",
		"/e.env":                    "# mine\nHEALTHAGENT_ACCESS=open\n",
	}
	flags := map[string]string{"access": "open"}
	environ := []string{
		"HEALTHAGENT_ACCESS=invite", "CREDENTIALS_DIRECTORY=/creds", "HEALTHAGENT_ACCESS_FILE=/access",
		"HEALTHAGENT_ENV_FILE=/e.env", "HOME=/home/ann",
	}
	steps := []struct {
		access  config.Access
		source  string
		origin  config.Origin
		without func()
	}{
		{"open", "flag --access", config.Flag, func() { delete(flags, "access") }},
		{"invite", "environment", config.Environment, func() { environ[0] = "HEALTHAGENT_ACCESS=" }},
		{"open", "credential healthagent-access", config.Credential, func() { disk["/creds/healthagent-access"] = "\n" }},
		{"invite", "file /access", config.File, func() { environ[2] = "X=" }},
		{"open", "env file /e.env:2", config.EnvFile, func() { disk["/e.env"] = "HEALTHAGENT_ACCESS_FILE=/access" }},
		{"invite", "file /access", config.File, func() { disk["/e.env"] = "HEALTHAGENT_ACCESS=" }},
		{"invite", "default", config.Default, func() {}},
	}
	for _, step := range steps {
		c, report, err := load(1000, disk, flags, environ...)
		if err != nil {
			t.Fatal(err)
		}
		source := report.Source("HEALTHAGENT_ACCESS")
		if c.Access != step.access || source.String() != step.source || source.Origin != step.origin {
			t.Errorf("got %s from %q, want %s from %q", c.Access, source, step.access, step.source)
		}
		step.without()
	}
}

func TestEverySettingCanBeSetToItsExample(t *testing.T) {
	t.Parallel()
	for _, row := range config.Table() {
		if row.Name == "HEALTHAGENT_ENV_FILE" {
			continue
		}
		_, report, err := load(0, nil, nil, row.Name+"="+row.Example)
		if err != nil {
			t.Errorf("the example of %s is refused: %v", row.Name, err)
		}
		if got := report.Source(row.Name).Origin; got != config.Environment {
			t.Errorf("%s comes from %v", row.Name, got)
		}
		if row.Meaning == "" || row.Format == "" || row.Credential == "" {
			t.Errorf("%s is not documented: %+v", row.Name, row)
		}
	}
}

func TestWrongValues(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, value, want string }{
		{"TELEGRAM_TOKEN", "hunter2hunter2", "is not a bot token"},
		{"TELEGRAM_TOKEN", "12a:hunter2hunter2", "is not a bot token"},
		{"TELEGRAM_TOKEN", ":hunter2hunter2", "is not a bot token"},
		{"TELEGRAM_TOKEN", "123:", "is not a bot token"},
		{"TELEGRAM_TOKEN", "123:hunter2\nhunter2", "control character"},
		{"TELEGRAM_API_URL", "api.telegram.org", "is not an http or https URL"},
		{"TELEGRAM_API_URL", "ftp://h/", "is not an http or https URL"},
		{"TELEGRAM_API_URL", "https://h/?a=b", "has a user, a query"},
		{"TELEGRAM_API_URL", "https://u:hunter2@h", "has a user, a query"},
		{"HEALTHAGENT_ADMINS", "123456789:hunter2hunter2", "is not a list of Telegram ids"},
		{"DATABASE_URL", "mysql://u:hunter2@h/d", "does not begin with postgres://"},
		{"DATABASE_URL", "postgres://u:hunter2/x#y@h:z/d", "cannot be read as a URL"},
		{"DATABASE_URL", "postgres://u:12/hunter2@h/d", "cannot be read as a URL"},
		{"DATABASE_URL", "postgres://u:a@b?hunter2@h/d", "cannot be read as a URL"},
		{"DATABASE_URL", "hunter2", "neither a postgres:// URL"},
		{"REDIS_URL", "http://:hunter2@h", "does not begin with redis://"},
		{"REDIS_URL", "redis://", "has no host"},
		{"REDIS_URL", "unix://", "has no path"},
		{"REDIS_URL", "redis://:hunter2%zz@h", "cannot be read as a URL"},
		{"HEALTHAGENT_ACCESS", "everybody", `"everybody" is none of [invite open]`},
		{"HEALTHAGENT_ADMINS", "12,bob", "is not a list of Telegram ids"},
		{"HEALTHAGENT_ADMINS", "0", "is not a list of Telegram ids"},
		{"HEALTHAGENT_ADMINS", "99999999999999999999", "is not a list of Telegram ids"},
		{"HEALTHAGENT_STATE_DIR", "~/state", "only a shell expands"},
		{"HEALTHAGENT_ADMIN_SOCKET", "/" + strings.Repeat("s", 107), "is a path of 108 bytes; a unix socket's may have 107"},
		{"HEALTHAGENT_POOL_MIN", "0", "is not a whole number from 1"},
		{"HEALTHAGENT_POOL_MAX", "many", "is not a whole number from 1"},
		{"HEALTHAGENT_POOL_MAX", "10001", "is not a whole number from 1"},
		{"HEALTHAGENT_SLOW_QUERY", "50", "is not a duration above zero with its unit"},
		{"HEALTHAGENT_SLOW_QUERY", "0s", "is not a duration above zero"},
		{"HEALTHAGENT_SEND_RATE", "-1", "is not a rate"},
		{"HEALTHAGENT_SEND_RATE", "30/x", "is not a rate"},
		{"HEALTHAGENT_SEND_RATE", "NaN", "is not a rate"},
		{"HEALTHAGENT_SEND_RATE", "Inf/1", "is not a rate"},
		{"HEALTHAGENT_MIGRATE", "on", "is none of [auto off]"},
		{"HEALTHAGENT_REINDEX_WINDOW", "Sun 3-5", "is not a window such as"},
		{"HEALTHAGENT_BACKUP_DIR", "~/backups", "only a shell expands"},
		{"HEALTHAGENT_BACKUP_HOOK", "curl -u me:hunter2\x00", "holds a zero byte"},
		{"HEALTHAGENT_LOG_LEVEL", "loud", "is none of debug, info, warn, error"},
		{"HEALTHAGENT_LOG_FORMAT", "xml", "is none of [text json]"},
		{"HEALTHAGENT_COLOR", "yes", "is none of [auto never 16 256 true]"},
	}
	tried := map[string]bool{}
	for _, tt := range tests {
		tried[tt.name] = true
		t.Run(tt.name+"="+tt.value, func(t *testing.T) {
			t.Parallel()
			_, report, err := load(0, nil, nil, tt.name+"="+tt.value)
			if fault.KindOf(err) != fault.Config || fault.Exit(err) != 78 {
				t.Fatalf("error %v, want one of kind config", err)
			}
			text := err.Error()
			if !strings.Contains(text, tt.name+" (environment): ") || !strings.Contains(text, tt.want) {
				t.Errorf("error %q does not say %q", text, tt.want)
			}
			if !strings.Contains(text, "for example "+tt.name+"=") {
				t.Errorf("error %q has no example", text)
			}
			if strings.Contains(fmt.Sprint(text, report), "hunter2") {
				t.Errorf("a secret is shown: %s %v", text, report)
			}
		})
	}
	for _, row := range config.Table() {
		if !tried[row.Name] && row.Name != "HEALTHAGENT_ENV_FILE" {
			t.Errorf("no wrong value of %s is tried", row.Name)
		}
	}
}

// TestAnEmptyCredentialIsWhatIsWrong: the service may not read root's file that the env file names, and has got what was in it.
func TestAnEmptyCredentialIsWhatIsWrong(t *testing.T) {
	t.Parallel()
	disk := files{"/creds/telegram-token": "\n", "/root/token": "unreadable", "/root/redis": "unreadable"}
	_, _, err := load(0, disk, nil, "CREDENTIALS_DIRECTORY=/creds", "TELEGRAM_TOKEN_FILE=/root/token", "REDIS_URL_FILE=/root/redis")
	for _, want := range []string{
		"TELEGRAM_TOKEN (credential telegram-token): is empty: /root/token is missing or holds nothing",
		"REDIS_URL (file /root/redis): cannot be read: permission denied", // no such credential
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q: %v", want, err)
		}
	}
}

func TestAllErrorsAtOnce(t *testing.T) {
	t.Parallel()
	disk := files{
		"/e.env":         "HEALTHAGENT_ACCESS=all\nexport X=hunter2\nHEALTHAGENT_POOL_MAX=2\n'hunter2\n",
		"/creds/x":       "",
		"/secret/redis":  "unreadable",
		"/creds/unknown": "unreadable",
	}
	_, report, err := load(0, disk, map[string]string{"env-file": "/e.env", "log-level": "loud"},
		"HEALTHAGENT_POOL_MIN=3", "REDIS_URL_FILE=/secret/redis", "TELEGRAM_TOKEN_FILE=/secret/none")
	if err == nil || fault.Exit(err) != 78 {
		t.Fatalf("error %v", err)
	}
	for _, want := range []string{
		"env file /e.env:2: begins with export",
		"env file /e.env:4: has no =",
		`HEALTHAGENT_ACCESS (env file /e.env:1): "all" is none of`,
		`HEALTHAGENT_LOG_LEVEL (flag --log-level): "loud" is none of`,
		`HEALTHAGENT_POOL_MIN (environment): "3" is above HEALTHAGENT_POOL_MAX, which is 2`,
		"REDIS_URL (file /secret/redis): cannot be read: permission denied",
		"TELEGRAM_TOKEN (file /secret/none): cannot be read: file does not exist",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error does not say %q", want)
		}
	}
	if len(report.Problems) != 7 {
		t.Errorf("%d problems, want 7:\n%v", len(report.Problems), err)
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a line's content is shown: %v", err)
	}
}

func TestEnvFileThatIsMissing(t *testing.T) {
	t.Parallel()
	_, _, err := load(0, nil, map[string]string{"env-file": "/nowhere"})
	if err == nil || !strings.Contains(err.Error(), `HEALTHAGENT_ENV_FILE (flag --env-file): "/nowhere" cannot be read: file does not exist`) {
		t.Errorf("a named env file that is missing: %v", err)
	}
	for _, disk := range []files{nil, {config.DefaultEnvFile: "unreadable"}} {
		c, report, err := load(0, disk, nil)
		if err != nil || c.EnvFile != "" {
			t.Errorf("the default env file is optional: %q, %v", c.EnvFile, err)
		}
		if report.EnvFileHidden != (disk != nil) {
			t.Errorf("hidden: %v", report.EnvFileHidden)
		}
	}
	c, report, err := load(0, files{config.DefaultEnvFile: "REDIS_URL=redis://r"}, nil)
	if err != nil || c.EnvFile != config.DefaultEnvFile || c.RedisURL.Reveal() != "redis://r" {
		t.Errorf("default env file: %+v, %v", c, err)
	}
	if got := report.Source("REDIS_URL").String(); got != "env file /etc/healthagent/healthagent.env:1" {
		t.Errorf("source %q", got)
	}
}

func TestSecretsAreMaskedInTheReport(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, value, shown string }{
		{"TELEGRAM_TOKEN", token, "[secret]"},
		{"DATABASE_URL", "postgres://ha:hunter2@db:5432/ha?sslmode=require", "postgres://ha:[secret]@db:5432/ha?sslmode=require"},
		{"DATABASE_URL", "postgres://ha@/ha?host=/run/postgresql&password=hunter2", "postgres://ha@/ha?host=/run/postgresql&password=[secret]"},
		{"DATABASE_URL", `host=db user=ha password='hunter2 \' x' dbname=ha`, "host=db user=ha password=[secret] dbname=ha"},
		{"DATABASE_URL", "host=db password = hunter2", "host=db password = [secret]"},
		{"DATABASE_URL", "host=db sslpassword=x&hunter2 dbname=d", "host=db sslpassword=[secret] dbname=d"},
		{"DATABASE_URL", "host=db password='x hunter2", "host=db password=[secret]"},
		{"DATABASE_URL", "postgres://ha@db/ha?pass%77ord=hunter2&sslmode=require", "postgres://ha@db/ha?pass%77ord=[secret]&sslmode=require"},
		{"DATABASE_URL", "postgres://ha:hunter2@h1:1,h2:2/ha", "postgres://ha:[secret]@h1:1,h2:2/ha"},
		{"DATABASE_URL", "postgres:///ha", "postgres:///ha"},
		{"REDIS_URL", "redis://:hunter2@localhost/1", "redis://:[secret]@localhost/1"},
		{"REDIS_URL", "redis://u:hunt@er2@localhost/1", "redis://u:[secret]@localhost/1"},
		{"REDIS_URL", "unix:///run/r.sock", "unix:///run/r.sock"},
		{"HEALTHAGENT_BACKUP_HOOK", `rclone copy "$HEALTHAGENT_BACKUP_DIR" remote:ha`, `rclone copy "$HEALTHAGENT_BACKUP_DIR" remote:ha`},
		{"HEALTHAGENT_BACKUP_HOOK", "RESTIC_PASSWORD='hunter2 x' restic backup .", "RESTIC_PASSWORD=[secret] restic backup ."},
		{"HEALTHAGENT_BACKUP_HOOK", "export B2_ACCOUNT_KEY=hunter2; restic backup .", "export B2_ACCOUNT_KEY=[secret]; restic backup ."},
		{"HEALTHAGENT_BACKUP_HOOK", `RESTIC_PASSWORD_FILE=/etc/r PASSWORD="$P" x`, `RESTIC_PASSWORD_FILE=/etc/r PASSWORD="$P" x`},
		{"HEALTHAGENT_BACKUP_HOOK", "curl -T f -u me:hunter2 ftp://host", "curl -T f -u me:[secret] ftp://host"},
		{"HEALTHAGENT_BACKUP_HOOK", "curl -T f sftp://me:hunter2@host/d --pass hunter2", "curl -T f sftp://me:[secret]@host/d --pass [secret]"},
		{"HEALTHAGENT_BACKUP_HOOK", "age --passphrase hunter2 --api-key=hunter2", "age --passphrase [secret] --api-key=[secret]"},
	}
	for _, tt := range tests {
		c, report, err := load(0, nil, nil, tt.name+"="+tt.value)
		if err != nil {
			t.Fatalf("%s: %v", tt.value, err)
		}
		for _, v := range report.Values {
			if v.Name == tt.name && v.Value != tt.shown {
				t.Errorf("shown as %q, want %q", v.Value, tt.shown)
			}
		}
		document, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		all := fmt.Sprintf("%v %+v %#v %s %v", c, c, c, document, slog.AnyValue(c.TelegramToken).Resolve())
		if strings.Contains(all, "hunter2") || strings.Contains(all, tokenKey) {
			t.Errorf("printing the configuration shows a secret: %s", all)
		}
	}
}

func TestRequire(t *testing.T) {
	t.Parallel()
	c, _, err := load(0, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = c.Require("TELEGRAM_TOKEN", "HEALTHAGENT_ACCESS")
	if fault.Exit(err) != 78 || !strings.Contains(fault.Sentence(err), "TELEGRAM_TOKEN is missing") {
		t.Errorf("missing token: %v", err)
	}
	c, _, err = load(0, nil, nil, "TELEGRAM_TOKEN="+token)
	if err != nil || c.Require("TELEGRAM_TOKEN") != nil {
		t.Errorf("token given: %v", err)
	}
}

func TestUnknownNames(t *testing.T) {
	t.Parallel()
	disk := files{"/e.env": "TELEGRAM_TOKN=hunter2\nLANG=C\nHEALTHAGENT_POOLMAX=3\nHEALTHAGENT_ENV_FILE=/x\n"}
	_, report, err := load(0, disk, nil, "HEALTHAGENT_ENV_FILE=/e.env", "HEALTHAGENT_ACESS=open",
		"HEALTHAGENT_COMPLETELY_ELSE=1", "HEALTHAGENT_TEST_DATABASE_URL=x", "HEALTHAGENT_ACCESS_FILE=", "PATH=/bin", "TELEGRAM_TOKENS=hunter2")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"HEALTHAGENT_ACESS (environment) is no setting of this version and is ignored; did you mean HEALTHAGENT_ACCESS?",
		"HEALTHAGENT_COMPLETELY_ELSE (environment) is no setting of this version and is ignored",
		"HEALTHAGENT_POOLMAX (env file /e.env:3) is no setting of this version and is ignored; did you mean HEALTHAGENT_POOL_MAX?",
		"TELEGRAM_TOKN (env file /e.env:1) is no setting of this version and is ignored; did you mean TELEGRAM_TOKEN?",
		"HEALTHAGENT_ENV_FILE (env file /e.env:4) does nothing here: this file is already read",
	}
	if !slices.Equal(report.Warnings, want) {
		t.Errorf("warnings\n got %q\nwant %q", report.Warnings, want)
	}
}

func TestSendRate(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]config.SendRate{
		"29.5/1": {PerSecond: 29.5, PerChat: 1},
		"10":     {PerSecond: 10, PerChat: 1},
		"10/0":   {PerSecond: 10},
		"0":      {},
		"0/2":    {PerChat: 2},
		"5 / .5": {PerSecond: 5, PerChat: 0.5},
	} {
		c, _, err := load(0, nil, nil, "HEALTHAGENT_SEND_RATE="+text)
		if err != nil || c.SendRate != want {
			t.Errorf("%q: %v, %v; want %v", text, c.SendRate, err, want)
		}
	}
}
