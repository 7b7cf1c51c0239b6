package doctor

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// The unit files.
const (
	unitDir     = "/etc/systemd/system/"
	serviceUnit = "healthagent.service"
	backupUnit  = "healthagent-backup.service"
	timerUnit   = "healthagent-backup.timer"
)

func serviceChecks() []check {
	on := service | manager
	return []check{
		{"service-active", "service", on, checkActive},
		{"service-enabled", "service at boot", on, checkEnabled},
		{"service-restarts", "service restarts", on, checkRestarts},
		{"service-watchdog", "watchdog", on, checkWatchdog},
		{"service-database", "database service", on, checkDatabaseService},
		{"service-cache", "cache service", on, checkCacheService},
		{"service-files", "unit files", service, checkUnitFiles},
		{"service-hardening", "hardening", on, checkHardening},
		{"service-version", "version", service | outside, checkVersion},
	}
}

// unit is the state of a unit as the service manager tells it.
type unit map[string]string

// properties are what is asked of a unit.
const properties = "Id,LoadState,LoadError,UnitFileState,ActiveState,SubState,Result,ExecMainStatus,ExecMainExitTimestamp,MainPID,NRestarts,WatchdogUSec,NeedDaemonReload,DropInPaths,StatusText,Job"

// show asks the service manager about all units at once, by their names.
func (v *visit) show(ctx context.Context) (map[string]unit, error) {
	names := []string{serviceUnit, backupUnit, timerUnit, redisUnit}
	if cluster := v.clusterUnit(); cluster != "" {
		names = append(names, cluster)
	}
	out, err := v.Run(ctx, "systemctl", append(append([]string{"show"}, names...), "--no-pager", "--property="+properties)...)
	units := map[string]unit{}
	for block := range strings.SplitSeq(out, "\n\n") {
		u := unit{}
		for line := range strings.Lines(block) {
			if name, value, found := strings.Cut(strings.TrimSpace(line), "="); found {
				u[name] = value
			}
		}
		if u["Id"] != "" {
			units[u["Id"]] = u
		}
	}
	if len(units) == 0 {
		said, _, _ := strings.Cut(strings.TrimSpace(out), "\n")
		return nil, fmt.Errorf("systemctl does not say: %s", strings.TrimSpace(fmt.Sprint(said, " ", err)))
	}
	return units, nil
}

// withUnit makes a check of one unit's state.
func (v *visit) withUnit(name string, judge func(u unit) answer) answer {
	units, err := v.units()
	if err != nil {
		return skipped("%v", err)
	}
	return judge(units[name])
}

func checkActive(_ context.Context, v *visit) answer {
	return v.withUnit(serviceUnit, func(u unit) answer {
		switch u["LoadState"] {
		case "loaded":
		case "not-found", "":
			return failure(v.writeUnits(), "there is no unit %s", serviceUnit)
		case "masked":
			return failure("systemctl unmask healthagent && systemctl start healthagent", "the unit is masked: nobody can start it")
		default:
			return failure("systemd-analyze verify "+unitDir+serviceUnit, "the unit cannot be loaded: %s %s", u["LoadState"], u["LoadError"])
		}
		switch state := u["ActiveState"]; {
		case state == "active":
			return well("it runs: %s", cmp.Or(u["StatusText"], u["SubState"]))
		case state == "activating" && u["SubState"] == "auto-restart":
			return passing(v.log(), "it does not come up and is tried again: %s", ending(u))
		case state == "activating":
			return passing(v.log(), "it is still starting: %s", cmp.Or(u["StatusText"], u["SubState"]))
		case state == "failed":
			return failure(v.revive(u), "it has failed: %s", ending(u))
		case lying(u):
			return failure("systemctl start healthagent", "it does not run: it is %s", state)
		default:
			return passing("systemctl start healthagent", "it does not run: it is %s", state)
		}
	})
}

// lying reports whether a unit neither runs nor is on its way up or down: somebody has to start it. One that has a job is on its way,
// though inactive yet, as during a boot, when it waits for what it is to start after.
func lying(u unit) bool {
	idle := u["ActiveState"] == "inactive" || u["ActiveState"] == "failed" || u["ActiveState"] == ""
	return idle && (u["Job"] == "" || u["Job"] == "0")
}

// lies reports whether the service is known to be lying.
func (v *visit) lies() bool {
	units, err := v.units()
	return err == nil && lying(units[serviceUnit])
}

// ending says in words how the main process ended.
func ending(u unit) string {
	status := u["ExecMainStatus"]
	switch status {
	case "78":
		return "a setting is wrong or missing (exit code 78)"
	case "243":
		return "systemd could not read a credential (243/CREDENTIALS), most likely a file under /etc/healthagent/credentials that is missing"
	case "200", "203", "217", "226", "228", "238", "239":
		return "systemd could not start the program (exit code " + status + ")"
	}
	if r := u["Result"]; r != "exit-code" && r != "success" && r != "" {
		return r
	}
	return "exit code " + cmp.Or(status, "unknown")
}

// revive is how to start what has failed: the reason first, since a wrong setting would only fail again.
func (v *visit) revive(u unit) string {
	if u["ExecMainStatus"] == "78" {
		return "healthagent config check && systemctl reset-failed healthagent && systemctl start healthagent"
	}
	return "journalctl -u healthagent -n 30 --no-pager; systemctl reset-failed healthagent && systemctl start healthagent"
}

func checkEnabled(_ context.Context, v *visit) answer {
	return v.withUnit(serviceUnit, func(u unit) answer {
		if s := u["UnitFileState"]; s == "enabled" {
			return well("it is started at boot")
		} else {
			return warning("systemctl enable healthagent", "it is not started at boot: %s", cmp.Or(s, "not enabled"))
		}
	})
}

func checkRestarts(_ context.Context, v *visit) answer {
	return v.withUnit(serviceUnit, func(u unit) answer {
		if n, err := strconv.Atoi(u["NRestarts"]); err == nil && n > 0 {
			return warning("journalctl -u healthagent -p warning -n 50 --no-pager; systemctl reset-failed healthagent   # counts anew",
				"it has ended and was started again %s", plural(n, "once", "%d times"))
		}
		return well("none")
	})
}

func checkWatchdog(_ context.Context, v *visit) answer {
	return v.withUnit(serviceUnit, func(u unit) answer {
		if w := u["WatchdogUSec"]; w != "" && w != "0" && w != "infinity" {
			return well("it is ended and started again when it hangs for %s", w)
		}
		return warning(v.mendUnit(), "it is off: a daemon that hangs would stay so")
	})
}

var exposure = regexp.MustCompile(`exposure level for \S+: (\d+(?:\.\d+)?)`)

// mostExposure is what the unit is held to.
const mostExposure = 1.2

func checkHardening(ctx context.Context, v *visit) answer {
	out, err := v.Run(ctx, "systemd-analyze", "security", serviceUnit, "--no-pager")
	found := exposure.FindStringSubmatch(out)
	if found == nil {
		return skipped("systemd-analyze does not say%s", because(err))
	}
	level, err := strconv.ParseFloat(found[1], 64)
	if err != nil {
		return skipped("systemd-analyze does not say: %v", err)
	}
	if level > mostExposure {
		return warning("systemd-analyze security healthagent; "+v.mendUnit(),
			"the exposure is %.1f, and should be at most %.1f: a directive was taken away, or this systemd does not know it", level, mostExposure)
	}
	return well("the exposure is %.1f of 10", level)
}

// checkVersion holds the program that runs against the one that is installed.
func checkVersion(_ context.Context, v *visit) answer {
	r, err := v.readiness()
	if err != nil {
		return skipped("the daemon does not say which version it is")
	}
	if r.Version != "" && r.Version != v.Version {
		return warning("systemctl restart healthagent", "the daemon is %s, and this program is %s", r.Version, v.Version)
	}
	if exe, installed, differ := v.otherProgram(); differ {
		return warning("systemctl restart healthagent", "the daemon runs %s, and %s is installed", exe, installed)
	}
	return well("%s, and the daemon is of the same", v.Version)
}
