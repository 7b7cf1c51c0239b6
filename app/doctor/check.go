package doctor

import (
	"context"
	"fmt"
	"slices"

	"healthagent/tui/source"
)

// check is one line of the catalogue. Its code is for programs and never changes its meaning; what stands before the first dash is what
// it is about, in nine letters at most.
type check struct {
	code  string
	title string
	needs needs
	look  func(context.Context, *visit) answer
}

// needs is what must be so for a check to be made. It is skipped otherwise.
type needs int

const (
	always  needs = 0
	service needs = 1 << iota // healthagent is a service of this machine
	manager                   // the service manager is there; not for the daemon of itself
	rights                    // where it is a service: root, or its user
	root                      // root alone
	setting                   // the settings can be read
	outside                   // not for the daemon of itself
)

// answer is what a check says.
type answer struct {
	verdict source.Verdict
	text    string
	remedy  string
	passing bool // a failure that time alone may mend, as of what is still starting
}

func well(format string, values ...any) answer {
	return answer{verdict: source.OK, text: fmt.Sprintf(format, values...)}
}

func warning(remedy, format string, values ...any) answer {
	return answer{verdict: source.Warn, text: fmt.Sprintf(format, values...), remedy: remedy}
}

func failure(remedy, format string, values ...any) answer {
	return answer{verdict: source.Fail, text: fmt.Sprintf(format, values...), remedy: remedy}
}

// passing is a failure that time alone may mend.
func passing(remedy, format string, values ...any) answer {
	a := failure(remedy, format, values...)
	a.passing = true
	return a
}

func skipped(format string, values ...any) answer {
	return answer{verdict: source.Skip, text: fmt.Sprintf(format, values...)}
}

// onlyRoot is what somebody is told who may not see a thing. The daemon is asked for it, and says it when it knows.
const onlyRoot = "only root may see that: sudo healthagent doctor"

// catalogue is every check there is, in the order of telling.
func catalogue() []check {
	return slices.Concat(
		settingChecks(), fileChecks(), serviceChecks(), daemonChecks(), telegramChecks(), hostChecks(),
		databaseChecks(), schemaChecks(), cacheChecks(), queueChecks(), backupChecks())
}

// made reports whether a check is one that this patient is ever asked for.
func (c check) made(p Patient) bool {
	return !p.Self || c.needs&(manager|outside|root) == 0
}

// prevented says why a check cannot be made here; empty: it can.
func (c check) prevented(v *visit) string {
	p := v.Patient
	switch {
	case c.needs&service != 0 && !p.installed():
		return "healthagent is no service on this machine"
	case c.needs&manager != 0 && !p.exists("/run/systemd/system"):
		return "systemd does not run here"
	case c.needs&root != 0 && p.UID != p.Owner,
		c.needs&rights != 0 && p.installed() && p.UID != p.Owner && (p.Service == nil || p.UID != p.Service.UID),
		c.needs&setting != 0 && p.hidden():
		return onlyRoot
	default:
		return ""
	}
}
