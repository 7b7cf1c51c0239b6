package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// redisUnit is the service of the cache that the installer makes.
const redisUnit = "redis-server@healthagent.service"

// writeUnits is how the unit files are made anew.
func (v *visit) writeUnits() string {
	return "healthagent units --write /etc && systemd-sysusers && systemd-tmpfiles --create && systemctl daemon-reload && systemctl restart healthagent"
}

// clusterVersion is the major version of the installer's own PostgreSQL cluster; empty: there is none.
func (v *visit) clusterVersion() string {
	found, _ := filepath.Glob(v.path("/etc/postgresql/*/healthagent")) // the pattern is right
	if len(found) == 0 {
		return ""
	}
	return filepath.Base(filepath.Dir(found[len(found)-1]))
}

func (v *visit) clusterUnit() string {
	if version := v.clusterVersion(); version != "" {
		return "postgresql@" + version + "-healthagent.service"
	}
	return ""
}

func checkDatabaseService(_ context.Context, v *visit) answer {
	version := v.clusterVersion()
	if version == "" || !strings.Contains(v.Config.DatabaseURL.Reveal(), "/run/postgresql") && !v.hidden() {
		return skipped("the database is not a cluster of this installation")
	}
	name := v.clusterUnit()
	short := strings.TrimSuffix(name, ".service")
	return v.withUnit(name, func(u unit) answer {
		if u["ActiveState"] != "active" {
			a := failure("systemctl start "+short+"; journalctl -u "+short+" -n 30 --no-pager", "%s does not run: it is %s", short, cmp.Or(u["ActiveState"], "unknown"))
			a.passing = !lying(u)
			return a
		}
		const auto = "auto"
		raw, err := os.ReadFile(v.path("/etc/postgresql/" + version + "/healthagent/start.conf"))
		if err == nil && !startsWith(string(raw), auto) {
			return warning("echo "+auto+" > /etc/postgresql/"+version+"/healthagent/start.conf && systemctl daemon-reload", "%s runs, but is not started at boot", short)
		}
		return well("%s runs, and is started at boot", short)
	})
}

// startsWith reports whether the first word outside of comments is that.
func startsWith(text, word string) bool {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line != "" {
			return line == word
		}
	}
	return false
}

func checkCacheService(_ context.Context, v *visit) answer {
	if !strings.Contains(v.Config.RedisURL.Reveal(), "/redis-healthagent/") && !v.hidden() {
		return skipped("the cache is not a Redis of this installation")
	}
	short := strings.TrimSuffix(redisUnit, ".service")
	return v.withUnit(redisUnit, func(u unit) answer {
		switch {
		case u["LoadState"] == "not-found" && v.hidden():
			return skipped("the cache is not a Redis of this installation")
		case u["ActiveState"] != "active":
			return warning("systemctl start "+short+"; journalctl -u "+short+" -n 30 --no-pager",
				"%s does not run: it is %s; PostgreSQL serves alone", short, cmp.Or(u["ActiveState"], "unknown"))
		case u["UnitFileState"] != "enabled":
			return warning("systemctl enable "+short, "%s runs, but is not started at boot", short)
		}
		return well("%s runs, and is started at boot", short)
	})
}

// checkUnitFiles holds the unit files against those that this program has in it, and names what was put over them.
func checkUnitFiles(_ context.Context, v *visit) answer {
	missing, other, over, err := v.compareUnits()
	if err != nil {
		return skipped("%v", err)
	}
	switch {
	case len(missing) > 0:
		return failure(v.writeUnits(), "missing: %s", strings.Join(missing, ", "))
	case len(other) > 0:
		return warning(v.writeUnits()+"   # own lines belong into: systemctl edit healthagent",
			"not as this version has them: %s", strings.Join(other, ", "))
	case v.staleUnits():
		return warning("systemctl daemon-reload && systemctl restart healthagent", "systemd has not read them since they were changed")
	case len(over) > 0:
		return well("as this version has them, with %s over them", strings.Join(over, ", "))
	}
	return well("as this version has them")
}

// compareUnits names the files that are not there, those that are not as they should be, and the drop-ins over them.
func (v *visit) compareUnits() (missing, other, over []string, err error) {
	for _, path := range slices.Sorted(maps.Keys(v.Units)) {
		raw, err := os.ReadFile(v.path(path))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			missing = append(missing, path)
		case err != nil:
			return nil, nil, nil, fmt.Errorf("%s cannot be read: %w", path, bare(err))
		case string(raw) != v.Units[path]:
			other = append(other, path)
		}
		found, _ := filepath.Glob(v.path(path+".d") + "/*.conf") // the pattern is right
		for _, conf := range found {
			over = append(over, path+".d/"+filepath.Base(conf))
		}
	}
	return missing, other, over, nil
}

// mendUnit is how the service gets back a directive that it should have: from the file as this version has it, or by taking out what is over
// that.
func (v *visit) mendUnit() string {
	if _, other, _, err := v.compareUnits(); err == nil && len(other) > 0 {
		return v.writeUnits()
	}
	return "systemctl edit healthagent && systemctl restart healthagent   # take out what is over it; 'systemctl cat healthagent' shows it"
}

// staleUnits reports whether a file is newer than what the service manager knows.
func (v *visit) staleUnits() bool {
	if v.Self || !v.exists("/run/systemd/system") {
		return false
	}
	units, err := v.units()
	return err == nil && units[serviceUnit]["NeedDaemonReload"] == "yes"
}

// installedProgram is what "healthagent" on the path means.
const installedProgram = "/usr/local/bin/healthagent"

// otherProgram returns the file that the daemon runs and the one that is installed, when they differ. Who may not see it is told nothing.
func (v *visit) otherProgram() (exe, installed string, differ bool) {
	units, err := v.units()
	pid := units[serviceUnit]["MainPID"]
	if err != nil || pid == "" || pid == "0" {
		return "", "", false
	}
	exe, err = os.Readlink(v.path("/proc/" + pid + "/exe"))
	if err != nil {
		return "", "", false
	}
	installed, err = filepath.EvalSymlinks(v.path(installedProgram))
	if err != nil {
		return "", "", false
	}
	return exe, installed, exe != installed
}

// bare is an error of a file without its path.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
