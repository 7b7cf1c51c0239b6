package doctor

import (
	"context"
	"errors"
	"io/fs"

	"healthagent/app/admin"
)

// components are those of /readyz, as far as there is a line for each.
func daemonChecks() []check {
	checks := []check{{"daemon-socket", "daemon", outside, checkSocket}}
	for _, c := range [][2]string{
		{"postgresql", "daemon's database"},
		{"cache", "daemon's cache"},
		{"telegram", "daemon's updates"},
		{"sending", "daemon's sending"},
		{"outbox", "daemon's outbox"},
		{"inbox", "daemon's inbox"},
		{"leader", "daemon's lead"},
		{"indexes", "daemon's indexes"},
	} {
		checks = append(checks, check{"daemon-" + c[0], c[1], outside, func(_ context.Context, v *visit) answer { return v.component(c[0]) }})
	}
	return checks
}

// start is how the daemon is started, and log how one sees why it does not.
func (v *visit) start() string {
	if v.installed() {
		return "systemctl start healthagent; journalctl -u healthagent -n 30 --no-pager"
	}
	return "healthagent serve"
}

func (v *visit) log() string {
	if v.installed() {
		return "journalctl -u healthagent -n 50 --no-pager"
	}
	return "Look at what 'healthagent serve' writes to its standard error."
}

func checkSocket(_ context.Context, v *visit) answer {
	r, err := v.readiness()
	switch {
	case errors.Is(err, fs.ErrPermission):
		return warning("usermod -aG healthagent "+userName(v.UID)+"   # as root; then log in again", "%v", err)
	case errors.Is(err, errAway) && !v.installed():
		return warning(v.start(), "it is not running: %v", err)
	case errors.Is(err, errAway) && v.lies():
		return failure(v.start(), "%v", err)
	case errors.Is(err, errAway):
		return passing(v.start(), "%v", err)
	case err != nil && v.installed():
		return passing("systemctl restart healthagent; "+v.log(), "%v", err)
	case err != nil:
		return passing("Stop 'healthagent serve' and start it again.", "%v", err)
	}
	if start, starting := r.Components["start"]; starting {
		return passing(v.log(), "it is still starting: %s", start.Text)
	}
	return well("it answers, and its status is %s", r.Status)
}

// component is what the daemon says of one thing that it depends on or does.
func (v *visit) component(name string) answer {
	r, err := v.readiness()
	if err != nil {
		return skipped("the daemon does not say")
	}
	c, known := r.Components[name]
	switch {
	case !known && r.Components["start"].Text != "":
		return skipped("it is still starting")
	case !known:
		return skipped("this daemon does not say")
	case c.Verdict == admin.Fail:
		return passing(v.mend(name), "%s", c.Text)
	case c.Verdict == admin.Warn:
		return warning(v.mend(name), "%s", c.Text)
	default:
		return well("%s", c.Text)
	}
}

// mend is what to do about a component that is not well.
func (v *visit) mend(name string) string {
	switch name {
	case "indexes":
		return "healthagent migrate verify"
	case "cache":
		return v.startCache()
	case "postgresql":
		if _, err := v.server(); err != nil && v.Database.URL != "" {
			return v.startDatabase()
		}
	case "leader":
		r, err := v.readiness()
		if err == nil && r.Components["postgresql"].Verdict == admin.OK && r.Components["leader"].Verdict == admin.Fail {
			return "Stop the other daemon that works for this bot: one bot has one daemon."
		}
	}
	return v.log()
}
