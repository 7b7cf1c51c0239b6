package app

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// mark is a file that lies in the state directory while the daemon runs: one that is found at the start was left behind by a process that
// was not stopped. It holds which boot of the machine that was.
type mark struct{ path string }

func markIn(stateDir string) mark { return mark{filepath.Join(stateDir, "running")} }

// set makes the mark, and says how the process before this one ended; empty: as it was asked to. unit is what the service manager runs it as.
func (m mark) set(unit string) (ended string, err error) {
	before, err := os.ReadFile(m.path)
	now := boot()
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return "", err
	case now != "" && strings.TrimSpace(string(before)) != now:
		ended = "the machine went down before " + unit + " was stopped; it runs again"
	default:
		ended = unit + " ended without being stopped: it crashed, hung or was killed; it runs again"
	}
	return ended, os.WriteFile(m.path, []byte(now+"\n"), 0o600)
}

// clear takes the mark away: what ends now ends as it should, or says why it does not.
func (m mark) clear() error { return os.Remove(m.path) }

// boot names this run of the machine; empty where it cannot be told.
func boot() string {
	raw, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(raw))
}
