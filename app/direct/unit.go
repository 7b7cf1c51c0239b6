package direct

import (
	"context"
	"os/exec"
	"strings"
	"time"
)

// Unit asks the service manager about a service. The zero value asks about healthagent's.
type Unit struct {
	Name string // empty: healthagent
	// Run runs a program and returns what it says, or nothing. nil: it is really run.
	Run func(ctx context.Context, name string, args ...string) string
}

// properties are what is asked of a unit, in the order of telling.
const properties = "LoadState,ActiveState,SubState,Result,ExecMainStatus,NRestarts,ActiveExitTimestamp,StatusText"

// Diagnose returns the state of the unit as NAME=value lines, and the last lines of its log. Where there is no such unit, or no service
// manager, there is nothing. It ends with its context.
func (u Unit) Diagnose(ctx context.Context) (unit, journal []string) {
	name, run := u.asked()
	if unit = u.State(ctx); unit == nil {
		return nil, nil
	}
	for line := range strings.Lines(run(ctx, "journalctl", "--unit="+name, "--lines=20", "--no-pager", "--output=short", "--quiet")) {
		if line = strings.TrimRight(line, "\n"); line != "" {
			journal = append(journal, line)
		}
	}
	return unit, journal
}

// State is the first half of Diagnose: what holds for who may not read the log, too.
func (u Unit) State(ctx context.Context) (unit []string) {
	name, run := u.asked()
	for line := range strings.Lines(run(ctx, "systemctl", "show", name, "--no-pager", "--property="+properties)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		switch {
		case key == "LoadState" && value == "not-found":
			return nil
		case key == "LoadState", value == "", value == "[not set]":
		default:
			unit = append(unit, key+"="+value)
		}
	}
	return unit
}

func (u Unit) asked() (name string, run func(ctx context.Context, name string, args ...string) string) {
	name, run = u.Name, u.Run
	if name == "" {
		name = "healthagent"
	}
	if run == nil {
		run = program
	}
	return name, run
}

// program runs a program with nothing of ours: what it says to its errors must not come between the lines of the screen.
func program(ctx context.Context, name string, args ...string) string {
	var out limited
	c := exec.CommandContext(ctx, name, args...)
	c.Stdout = &out
	c.WaitDelay = 100 * time.Millisecond // whoever it has started may hold its output open
	c.Env = append(c.Environ(), "LC_ALL=C", "SYSTEMD_COLORS=0", "SYSTEMD_PAGER=")
	_ = c.Run() // what it said is told even if it failed: it often says why
	return string(out.kept)
}

// limited keeps the beginning of what is written to it.
type limited struct{ kept []byte }

const most = 64 << 10

func (l *limited) Write(p []byte) (int, error) {
	l.kept = append(l.kept, p[:min(len(p), most-len(l.kept))]...)
	return len(p), nil
}
