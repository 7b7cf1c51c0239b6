package config

import (
	"slices"
	"strconv"
	"strings"
)

// Setting is one row of the table: everything the program and its documentation
// know about one setting.
type Setting struct {
	Name       string // in the environment and in the env file
	Flag       string // without dashes; empty for one that must not show in ps
	Credential string // file name under $CREDENTIALS_DIRECTORY; empty for none
	Default    string // as shown; may describe a rule
	Format     string // unit or shape of a value
	Example    string // a right value
	Meaning    string // one sentence, lower case, no full stop
	Secret     bool   // the value, or a password in it, is never shown

	computed bool // Default describes a rule and is not itself a value
	address  bool // a secret in which all but the passwords may be shown
	command  bool // a shell command, in which all but what looks like a password may be shown
	set      func(c *Config, text string) error
	get      func(c Config) string
}

// FileVariable returns the name of the variable that points at a file holding the
// value, empty for the setting that has none.
func (s Setting) FileVariable() string {
	if s.Credential == "" {
		return ""
	}
	return s.Name + "_FILE"
}

// shown returns the value as it may be printed.
func (s Setting) shown(value string) string {
	switch {
	case !s.Secret:
		return value
	case s.address:
		return hidePasswords(value)
	case s.command:
		return hideInCommand(value)
	default:
		return Secret(value).String()
	}
}

// Table returns every setting, in the order of documentation. The slice is the
// caller's own.
func Table() []Setting {
	table := slices.Concat(telegramSettings(), storeSettings(), accessSettings(), placeSettings(), tuningSettings(), backupSettings(), outputSettings())
	for i := range table {
		name := strings.ToLower(strings.ReplaceAll(table[i].Name, "_", "-"))
		if table[i].Name != envFileName {
			table[i].Credential = name
		}
		// Arguments can be read by everybody on the machine; a token among them
		// would not be one for long.
		if table[i].Name != tokenName {
			table[i].Flag = strings.TrimPrefix(name, "healthagent-")
		}
	}
	return table
}

const (
	tokenName    = "TELEGRAM_TOKEN"
	stateDirName = "HEALTHAGENT_STATE_DIR"
	socketName   = "HEALTHAGENT_ADMIN_SOCKET"
	envFileName  = "HEALTHAGENT_ENV_FILE"
	poolMinName  = "HEALTHAGENT_POOL_MIN"

	backupDirName = "HEALTHAGENT_BACKUP_DIR"
)

func telegramSettings() []Setting {
	return []Setting{
		{
			Name: tokenName, Secret: true, Format: "digits:text", Example: "123456789:the-text-BotFather-gave-you",
			Meaning: "the bot's token; needed by serve",
			set:     func(c *Config, text string) error { return parseToken(&c.TelegramToken, text) },
			get:     func(c Config) string { return c.TelegramToken.Reveal() },
		},
		{
			Name: "TELEGRAM_API_URL", Default: "https://api.telegram.org", Format: "http(s) URL", Example: "http://127.0.0.1:8081",
			Meaning: "base of the Bot API; another one for a local Bot API server",
			set:     func(c *Config, text string) error { return parseHTTPURL(&c.TelegramAPIURL, text) },
			get:     func(c Config) string { return c.TelegramAPIURL },
		},
	}
}

func storeSettings() []Setting {
	return []Setting{
		{
			Name: "DATABASE_URL", Secret: true, address: true, Format: "PostgreSQL URL or key=value string",
			Example: "postgres://healthagent@localhost/healthagent",
			Meaning: "the database; empty means a private cluster in <state dir>/postgres, run from the installed binaries",
			set:     func(c *Config, text string) error { return parseDatabase(&c.DatabaseURL, text) },
			get:     func(c Config) string { return c.DatabaseURL.Reveal() },
		},
		{
			Name: "REDIS_URL", Secret: true, address: true, Format: "redis://, rediss:// or unix:// URL",
			Example: "redis://localhost:6379/0",
			Meaning: "the cache; empty means one inside the process",
			set:     func(c *Config, text string) error { return parseRedis(&c.RedisURL, text) },
			get:     func(c Config) string { return c.RedisURL.Reveal() },
		},
	}
}

func accessSettings() []Setting {
	return []Setting{
		{
			Name: "HEALTHAGENT_ACCESS", Default: string(AccessInvite), Format: "invite or open", Example: "open",
			Meaning: "who may use the bot: holders of an invite code, or everybody",
			set:     func(c *Config, text string) error { return parseWord(&c.Access, text, AccessInvite, AccessOpen) },
			get:     func(c Config) string { return string(c.Access) },
		},
		{
			Name: "HEALTHAGENT_ADMINS", Format: "Telegram ids, comma-separated", Example: "123456789,987654321",
			Meaning: "administrators; active at first contact",
			set:     func(c *Config, text string) error { return parseIDs(&c.Admins, text) },
			get:     func(c Config) string { return formatIDs(c.Admins) },
		},
	}
}

func placeSettings() []Setting {
	return []Setting{
		{
			Name: stateDirName, computed: true, Format: "directory", Example: "/var/lib/healthagent",
			Default: "$STATE_DIRECTORY, else /var/lib/healthagent for root, else ${XDG_STATE_HOME:-~/.local/state}/healthagent",
			Meaning: "where the program keeps its files",
			set:     func(c *Config, text string) error { return parsePath(&c.StateDir, text) },
			get:     func(c Config) string { return c.StateDir },
		},
		{
			Name: socketName, computed: true, Format: "path of at most 107 bytes", Example: "/run/healthagent/admin.sock",
			Default: "<state dir>/admin.sock if HEALTHAGENT_STATE_DIR is set, else $RUNTIME_DIRECTORY/admin.sock, " +
				"else /run/healthagent/admin.sock for root, else $XDG_RUNTIME_DIR/healthagent/admin.sock",
			Meaning: "the unix socket of the running daemon",
			set:     func(c *Config, text string) error { return parseSocket(&c.AdminSocket, text) },
			get:     func(c Config) string { return c.AdminSocket },
		},
		{
			Name: envFileName, computed: true, Format: "file of NAME=value lines", Example: "/etc/healthagent/healthagent.env",
			Default: DefaultEnvFile + " if it can be read",
			Meaning: "the file that holds settings",
			set:     func(c *Config, text string) error { c.EnvFile = text; return nil },
			get:     func(c Config) string { return c.EnvFile },
		},
	}
}

func tuningSettings() []Setting {
	return []Setting{
		{
			Name: poolMinName, computed: true, Default: "the number of cores", Format: "connections", Example: "4",
			Meaning: "database connections kept open",
			set:     func(c *Config, text string) error { return parseCount(&c.PoolMin, text) },
			get:     func(c Config) string { return formatCount(c.PoolMin) },
		},
		{
			Name: "HEALTHAGENT_POOL_MAX", computed: true, Default: "2 × cores + 5", Format: "connections", Example: "13",
			Meaning: "most database connections at once",
			set:     func(c *Config, text string) error { return parseCount(&c.PoolMax, text) },
			get:     func(c Config) string { return formatCount(c.PoolMax) },
		},
		{
			Name: "HEALTHAGENT_SLOW_QUERY", Default: "50ms", Format: "duration with its unit", Example: "50ms",
			Meaning: "a query that takes longer is logged as slow",
			set:     func(c *Config, text string) error { return parseDuration(&c.SlowQuery, text) },
			get:     func(c Config) string { return c.SlowQuery.String() },
		},
		{
			Name: "HEALTHAGENT_SEND_RATE", Default: "29.5/1", Format: "messages per second overall / per chat", Example: "29.5/1",
			Meaning: "pace of outgoing messages; 0 means no limit",
			set:     func(c *Config, text string) error { return parseRate(&c.SendRate, text) },
			get:     func(c Config) string { return c.SendRate.String() },
		},
		{
			Name: "HEALTHAGENT_MIGRATE", Default: string(MigrateAuto), Format: "auto or off", Example: "off",
			Meaning: "whether serve applies pending migrations by itself",
			set:     func(c *Config, text string) error { return parseWord(&c.Migrate, text, MigrateAuto, MigrateOff) },
			get:     func(c Config) string { return string(c.Migrate) },
		},
		{
			Name: "HEALTHAGENT_REINDEX_WINDOW", Format: "days and hours of the server's clock", Example: "Sun 03:00-05:00",
			Meaning: "when serve may build bloated indexes anew; empty means never",
			set:     func(c *Config, text string) error { return parseWindow(&c.ReindexWindow, text) },
			get:     func(c Config) string { return c.ReindexWindow.String() },
		},
	}
}

func backupSettings() []Setting {
	return []Setting{
		{
			Name: backupDirName, computed: true, Format: "directory", Example: "/var/backups/healthagent",
			Default: "<state dir>/backups if HEALTHAGENT_STATE_DIR is set, else /var/backups/healthagent for root, else <state dir>/backups",
			Meaning: "where backup leaves its dumps; nobody but their owner may look into it",
			set:     func(c *Config, text string) error { return parsePath(&c.BackupDir, text) },
			get:     func(c Config) string { return c.BackupDir },
		},
		{
			Name: "HEALTHAGENT_BACKUP_HOOK", Secret: true, command: true, Format: "shell command",
			Example: `rclone copy "$HEALTHAGENT_BACKUP_DIR" offsite:healthagent`,
			Meaning: "run after each dump, to copy it to another place; the dump is $HEALTHAGENT_BACKUP_FILE",
			set:     func(c *Config, text string) error { return parseCommand(&c.BackupHook, text) },
			get:     func(c Config) string { return c.BackupHook.Reveal() },
		},
	}
}

func outputSettings() []Setting {
	return []Setting{
		{
			Name: "HEALTHAGENT_LOG_LEVEL", Default: "info", Format: "debug, info, warn or error", Example: "debug",
			Meaning: "the least important line that is logged",
			set:     func(c *Config, text string) error { return parseLevel(&c.LogLevel, text) },
			get:     func(c Config) string { return strings.ToLower(c.LogLevel.String()) },
		},
		{
			Name: "HEALTHAGENT_LOG_FORMAT", Default: string(LogText), Format: "text or json", Example: "json",
			Meaning: "the shape of log lines",
			set:     func(c *Config, text string) error { return parseWord(&c.LogFormat, text, LogText, LogJSON) },
			get:     func(c Config) string { return string(c.LogFormat) },
		},
		{
			Name: "HEALTHAGENT_COLOR", Default: "auto", Format: "auto, never, 16, 256 or true", Example: "never",
			Meaning: "colours on a terminal",
			set: func(c *Config, text string) error {
				return parseWord(&c.Color, text, "auto", "never", "16", "256", "true")
			},
			get: func(c Config) string { return c.Color },
		},
	}
}

func formatCount(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}
