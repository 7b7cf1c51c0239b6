package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"healthagent/app/config"
	"healthagent/app/fault"
	"healthagent/tui/source"
)

func fileChecks() []check {
	return []check{
		{"files-program", "program", service, checkProgram},
		{"files-settings", "env file", service, checkEnvFile},
		{"files-credentials", "credentials", service | root, checkCredentials},
		{"files-state", "state directory", always, checkStateDir},
		{"files-cluster", "private database", setting, checkClusterDir},
		{"files-backups", "backup directory", service | rights, checkBackupDir},
		{"files-socket", "socket", always, checkSocketFile},
	}
}

// Where an installed service has its files.
const (
	credentialDir = "/etc/healthagent/credentials"
	serviceState  = "/var/lib/healthagent"
	serviceBackup = "/var/backups/healthagent"
	serviceSocket = "/run/healthagent/admin.sock"
)

// rule is whose a file should be and who may do what with it.
type rule struct {
	owner int         // -1: anybody's
	group *int        // nil: any
	most  fs.FileMode // no other bit may be set
	least fs.FileMode // these must be
}

// breach is what is wrong with a file and how to mend it.
type breach struct{ text, remedy string }

// keeps holds a file against a rule; nil: it is as it should be. The error is that of looking at it.
func (v *visit) keeps(path string, r rule) (*breach, error) {
	info, err := os.Stat(v.path(path))
	if err != nil {
		return nil, err
	}
	mode := info.Mode() & fs.ModePerm
	stat, known := info.Sys().(*syscall.Stat_t)
	if known && r.owner >= 0 && int(stat.Uid) != r.owner {
		return &breach{
			fmt.Sprintf("%s belongs to %s", path, userName(int(stat.Uid))), fmt.Sprintf("chown %s: %s", v.ownerName(r.owner), fault.Word(path)),
		}, nil
	}
	if known && r.group != nil && int(stat.Gid) != *r.group {
		return &breach{fmt.Sprintf("%s is not of the group %s", path, v.Service.Name), fmt.Sprintf("chgrp %s %s", v.Service.Name, fault.Word(path))}, nil
	}
	if mode&^r.most != 0 || mode&r.least != r.least {
		return &breach{fmt.Sprintf("%s has mode %04o and should have %04o", path, mode, r.most), fmt.Sprintf("chmod %04o %s", r.most, fault.Word(path))}, nil
	}
	return nil, nil
}

// ownerName names who should own a file, as chown takes it.
func (v *visit) ownerName(uid int) string {
	switch {
	case uid == v.Owner:
		return "root"
	case v.Service != nil && uid == v.Service.UID:
		return v.Service.Name
	default:
		return userName(uid)
	}
}

// judge makes an answer of a file and its rule. missing is said when there is none.
func (v *visit) judge(path string, r rule, missing answer) answer {
	b, err := v.keeps(path, r)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return missing
	case errors.Is(err, fs.ErrPermission):
		return skipped(onlyRoot)
	case err != nil:
		return skipped("%s cannot be looked at: %v", path, bare(err))
	case b != nil:
		return warning(b.remedy, "%s", b.text)
	default:
		return well("%s: its owner and mode are right", path)
	}
}

// again is what to do about a file of the installation that is gone.
const again = "Run install.sh again: it makes what is missing and keeps what is there."

func checkProgram(_ context.Context, v *visit) answer {
	path, err := filepath.EvalSymlinks(v.path(installedProgram))
	if err != nil {
		return failure(again, "%s leads nowhere: %v", installedProgram, bare(err))
	}
	seen := cmp.Or(strings.TrimPrefix(path, strings.TrimSuffix(v.path("/"), "/")), path)
	return v.judge(seen, rule{v.Owner, nil, 0o755, 0o555}, failure(again, "%s is gone", seen))
}

func checkEnvFile(_ context.Context, v *visit) answer {
	path := cmp.Or(v.Config.EnvFile, config.DefaultEnvFile)
	owner := v.Owner
	if v.elsewhere() {
		owner = -1
	}
	a := v.judge(path, rule{owner, nil, 0o600, 0o400}, failure(again, "%s is gone, and the service does not start without", path))
	if a.verdict == source.Warn { // it may hold the password of the database
		a.verdict = source.Fail
	}
	return a
}

// elsewhere reports whether the settings are those of a bot beside the service of the machine.
func (v *visit) elsewhere() bool {
	return v.Config.EnvFile != "" && v.Config.EnvFile != config.DefaultEnvFile
}

// stateDir is where the daemon keeps its files.
func (v *visit) stateDir() string {
	if v.hidden() {
		return serviceState
	}
	return v.Config.StateDir
}

func checkStateDir(_ context.Context, v *visit) answer {
	dir := v.stateDir()
	r := rule{-1, nil, 0o700, 0o700}
	if v.serviceDir(dir) {
		r.owner = v.Service.UID
	}
	if v.Config.DatabaseURL == "" && v.UID == v.Owner && !v.hidden() {
		r.most |= 0o011 // the server of the private cluster has a user of its own, which passes through
	}
	missing := skipped("%s does not exist yet", dir)
	if v.serviceDir(dir) {
		missing = failure("systemctl restart healthagent", "%s is gone: systemd makes it when the service starts", dir)
	}
	return v.judge(dir, r, missing)
}

// serviceDir reports whether a directory is one that the service's user should own.
func (v *visit) serviceDir(dir string) bool {
	return v.Service != nil && (dir == serviceState || dir == serviceBackup || v.exists(unitDir+serviceUnit) && !v.elsewhere())
}

func checkClusterDir(_ context.Context, v *visit) answer {
	if v.Config.DatabaseURL != "" {
		return skipped("DATABASE_URL names another one")
	}
	dir := filepath.Join(v.stateDir(), "postgres")
	return v.judge(dir, rule{-1, nil, 0o750, 0o700}, skipped("%s does not exist yet", dir))
}

func checkBackupDir(_ context.Context, v *visit) answer {
	dir := v.backupDir()
	r := rule{-1, nil, 0o700, 0o700}
	if v.serviceDir(dir) {
		r.owner = v.Service.UID
	}
	who := "$(id -un)"
	if v.Service != nil {
		who = v.Service.Name
	}
	return v.judge(dir, r, warning("install -d -m 0700 -o "+who+" "+fault.Word(dir), "%s does not exist", dir))
}

func checkSocketFile(_ context.Context, v *visit) answer {
	path := v.socketPath()
	if path == "" {
		return skipped("nobody listens on one")
	}
	r := rule{-1, nil, 0o755, 0o700}
	if v.Service != nil && path == serviceSocket {
		r = rule{v.Service.UID, &v.Service.GID, 0o750, 0o710}
	}
	dir := filepath.Dir(path)
	if a := v.judge(dir, r, skipped("%s does not exist: the daemon makes it", dir)); a.verdict != source.OK {
		return a
	}
	if a := v.judge(path, rule{r.owner, r.group, 0o660, 0o600}, skipped("%s does not exist: the daemon makes it", path)); a.verdict != source.OK {
		return a
	}
	return well("%s: whoever is in its group may look", path)
}

// socketPath is the first of the daemon's sockets that is there.
func (v *visit) socketPath() string {
	for _, path := range v.Sockets {
		if v.exists(path) || strings.HasPrefix(path, serviceSocket) && v.installed() {
			return path
		}
	}
	return ""
}
