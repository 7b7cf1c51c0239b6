// Package local runs a private PostgreSQL and a private Redis from the
// binaries that the distribution installed, without any system service.
//
// Every server belongs to one directory and is shared by all processes that
// name that directory: the first one starts it, later ones attach, the last
// one out stops it. The servers live in sessions of their own, so whatever
// happens to the program that started them, the data stays in good hands and
// the next start attaches to what is still running.
package local

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
)

// Options says where a private server lives and how it runs. Only Dir is
// required.
type Options struct {
	// Dir holds the server's data, socket, log and locks. It is created when
	// missing. PostgreSQL keeps its cluster in Dir/postgres, Redis its files
	// in Dir/redis; both may share one Dir.
	Dir string
	// BinDir, when set, is the only directory searched for server binaries.
	BinDir string
	// Settings override our defaults: names and values of postgresql.conf or
	// redis.conf. They count when the server is started, not on attaching.
	Settings map[string]string
	// Logger receives starts and stops; nil means silence.
	Logger *slog.Logger
	// Fast gives up durability for speed (tests, demonstrations). A crash of
	// the machine may then destroy the data.
	Fast bool
}

func (o Options) logger() *slog.Logger {
	if o.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return o.Logger
}

// ErrClosed is returned by Ensure after Close.
var ErrClosed = errors.New("the handle on the private server is closed")

// MissingError says that a server's binaries are not installed.
type MissingError struct {
	// Server is the product's name, with its major version when only that
	// one will do.
	Server string
	// Debian, Fedora and Arch name the package to install.
	Debian, Fedora, Arch string
	// Note, when set, is why what was found does not do.
	Note string
}

// Error is one sentence that names the package for each family of
// distributions.
func (e *MissingError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s is not installed", e.Server)
	if e.Note != "" {
		fmt.Fprintf(&b, " (%s)", e.Note)
	}
	fmt.Fprintf(&b, ": on Debian or Ubuntu run 'apt install %s', on Fedora 'dnf install %s', on Arch 'pacman -S %s'",
		e.Debian, e.Fedora, e.Arch)
	return b.String()
}

// StartError says that a server did not come up, with the last lines of its
// own log.
type StartError struct {
	Server string
	Reason string
	// Log is the path of the server's log; Tail its last lines.
	Log, Tail string
}

// Error is the reason, followed by what the server wrote.
func (e *StartError) Error() string {
	msg := fmt.Sprintf("%s did not start: %s (log: %s)", e.Server, e.Reason, e.Log)
	if e.Tail != "" {
		msg += "\n" + e.Tail
	}
	return msg
}
