// Package config turns what the operator said, in flags, environment, credentials,
// files and the env file, into one typed Config, and can tell of every value where
// it came from.
//
// One table of settings (Table) drives it all: loading, checking, the list of keys,
// the command line's flags, the man page. Each row carries its own parser, so there
// is no second list to keep in step and no library's error text that would repeat
// a secret it could not read.
//
// A value that is empty counts as not said: the next source is asked. A blank line
// in a template therefore never hides a credential.
package config

import (
	"log/slog"
	"slices"
	"time"
)

// Config is every setting, typed and checked. It is a value: copy it freely; nothing
// in it changes after Load.
type Config struct {
	// TelegramToken is empty when none was given; Require tells the operator.
	TelegramToken Secret
	// TelegramAPIURL has no trailing slash.
	TelegramAPIURL string
	// DatabaseURL is a URL or a key=value string for PostgreSQL and may carry a
	// password; empty means a private cluster in StateDir.
	DatabaseURL Secret
	// RedisURL may carry a password; empty means the in-process cache.
	RedisURL Secret

	Access Access
	// Admins are Telegram ids, each once, in the order given.
	Admins []int64

	// StateDir and AdminSocket are absolute. They need not exist yet.
	StateDir, AdminSocket string
	// EnvFile is the file that was read, empty when there was none.
	EnvFile string

	// PoolMin and PoolMax are 0 when the number of cores decides.
	PoolMin, PoolMax int
	// SlowQuery is greater than zero.
	SlowQuery time.Duration
	SendRate  SendRate
	Migrate   Mode
	// ReindexWindow is when bloated indexes may be built anew, on the server's own clock; the zero value is never.
	ReindexWindow Window

	// BackupDir is absolute, and empty when no rule gives one. It need not exist yet.
	BackupDir string
	// BackupHook is a command for a shell; empty for none. Passwords may be in it.
	BackupHook Secret
	// Others are the NAME=value lines of the env file that are no settings: what the programs that the hook runs are told there.
	Others []Secret

	LogLevel  slog.Level
	LogFormat LogFormat
	Color     string

	clientSockets []string
}

// ClientSockets returns the admin sockets a client tries, best first. It is
// AdminSocket alone when the operator named a place; otherwise it holds the installed
// service's socket before the one of the caller's own session.
func (c Config) ClientSockets() []string { return slices.Clone(c.clientSockets) }

// Access says who may use the bot.
type Access string

// The two kinds of access.
const (
	AccessInvite Access = "invite" // strangers need an invite code
	AccessOpen   Access = "open"   // a stranger is served at once
)

// Mode says whether serve applies pending migrations by itself.
type Mode string

// The two modes.
const (
	MigrateAuto Mode = "auto"
	MigrateOff  Mode = "off"
)

// LogFormat is the shape of a log line.
type LogFormat string

// The two formats.
const (
	LogText LogFormat = "text"
	LogJSON LogFormat = "json"
)

// SendRate bounds outgoing Telegram messages per second; 0 means no bound.
type SendRate struct {
	PerSecond float64 // over all chats
	PerChat   float64 // within one chat
}
