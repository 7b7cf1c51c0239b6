package doctor

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"time"

	"healthagent/app/backup"
	"healthagent/app/config"
	"healthagent/app/telegram"
	"healthagent/store"
	"healthagent/store/inspect"
	"healthagent/systemd"
)

// Patient is an installation and all that a check may touch of it. Config and Report have no default; every other zero value has a meaning.
type Patient struct {
	Config config.Config
	Report *config.Report

	Version string            // of this program
	UID     int               // who looks
	Service *Account          // the OS user that an installed service runs as; nil: there is none
	Owner   int               // who owns what root should own: 0, but in tests
	Root    string            // the directory that stands for /; empty: / itself
	Units   map[string]string // the text that each file of the service manager's should have, by its path; nil: systemd.ByPath

	// Self means that the daemon looks at itself: what needs the service manager, and what it says in its readiness anyhow, is left out.
	Self bool

	// Run runs a program and returns its output, also when it fails. nil: it is really run.
	Run func(ctx context.Context, name string, args ...string) (string, error)
	// Sockets are those of the daemon that a client tries, the best first.
	Sockets  []string
	Database Database
	// Redis asks the server of the cache about itself; nil: the one of Config.
	Redis func(ctx context.Context) (*store.RedisInfo, error)
	// Telegram asks Telegram who the bot is; nil: by Config's token.
	Telegram func(ctx context.Context) (telegram.Identity, error)
	// Backups looks into the directory of dumps; nil: backup.Look.
	Backups func(dir string) (backup.Status, error)
	// Synchronised says whether the machine's clock is kept right; nil: the kernel is asked.
	Synchronised func() (bool, error)
	Now          func() time.Time    // nil: time.Now
	Redact       func(string) string // takes secrets out of a text; nil: Config's
}

// Database is the way to the database.
type Database struct {
	URL  string // empty: it cannot be asked
	Why  string // it cannot, as a sentence
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Monitor is asked when there is one already; nil: one is opened for the look.
	Monitor *inspect.Inspector
	Private bool // it runs in the state directory, from the installed binaries
}

// Account is a user of the operating system.
type Account struct {
	Name     string
	UID, GID int
}

func (p Patient) withDefaults() Patient {
	if p.Report == nil {
		p.Report = &config.Report{}
	}
	if p.Run == nil {
		p.Run = program
	}
	if p.Now == nil {
		p.Now = time.Now
	}
	if p.Redact == nil {
		p.Redact = config.Redactor(p.Config)
	}
	if p.Backups == nil {
		p.Backups = backup.Look
	}
	if p.Units == nil {
		p.Units = systemd.ByPath()
	}
	if p.Synchronised == nil {
		p.Synchronised = synchronised
	}
	return p
}

// path is where a file of the installation is.
func (p Patient) path(name string) string { return filepath.Join("/", p.Root, name) }

// exists reports whether there is a file or directory; one that may not be seen is not there.
func (p Patient) exists(name string) bool {
	_, err := os.Stat(p.path(name))
	return err == nil
}

// installed reports whether healthagent is a service of this machine.
func (p Patient) installed() bool { return p.Service != nil || p.exists(unitDir+serviceUnit) }

// hidden reports whether the settings of the service are not those of this user, who may not read them. The daemon has been given them.
func (p Patient) hidden() bool { return p.installed() && p.Report.EnvFileHidden && !p.Self }
