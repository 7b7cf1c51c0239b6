package doctor

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"healthagent/app/admin"
	"healthagent/app/config"
	"healthagent/app/telegram"
	"healthagent/tui/source"
)

// aside are the checks that a server in a directory has nothing for: they ask servers, or the machine itself.
func aside(code string) bool {
	for _, about := range []string{"database-", "schema-", "cache-", "queues-", "backup-", "disk-"} {
		if strings.HasPrefix(code, about) {
			return true
		}
	}
	return false
}

func TestAServerThatIsWell(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	w.serve(ready(), nil)
	for code, f := range findings(t, w.patient()) {
		if f.Verdict != source.OK && !aside(code) && code != "files-cluster" {
			t.Errorf("%s: %s: %s", code, f.Verdict, f.Text)
		}
	}
}

// Whatever is broken is found, by its own check, with what to do.
func TestAServerThatIsNot(t *testing.T) {
	t.Parallel()
	set := func(name, key, value string) func(*ward) {
		return func(w *ward) { w.units[name][key] = value }
	}
	for name, c := range map[string]struct {
		damage  func(*ward)
		code    string
		verdict source.Verdict
		text    string
		remedy  string
	}{
		"settings":    {func(w *ward) { w.env["HEALTHAGENT_POOL_MAX"] = "many" }, "config-settings", "fail", "HEALTHAGENT_POOL_MAX", "config check --env-file /etc/healthagent/healthagent.env"},
		"a typo":      {func(w *ward) { w.env["HEALTHAGENT_ADMIN"] = "5" }, "config-settings", "warn", "did you mean HEALTHAGENT_ADMINS", "healthagent.env"},
		"no token":    {func(w *ward) { delete(w.env, "TELEGRAM_TOKEN_FILE") }, "config-token", "fail", "78", tokenFile},
		"bad token":   {func(w *ward) { w.write(tokenFile, 0o600, "nonsense") }, "config-token", "fail", "not a bot token", "read -rsp"},
		"nobody":      {func(w *ward) { delete(w.env, "HEALTHAGENT_ADMINS") }, "config-admins", "warn", "nobody is told", "HEALTHAGENT_ADMINS="},
		"open":        {func(w *ward) { w.env["HEALTHAGENT_ACCESS"] = "open" }, "config-access", "ok", "open", ""},
		"revoked":     {func(w *ward) { w.Me = answers(telegram.Identity{}, telegram.ErrRevoked) }, "telegram-bot", "fail", "refuses", tokenFile},
		"no way":      {func(w *ward) { w.Me = answers(telegram.Identity{}, errors.New("no route")) }, "telegram-bot", "warn", "no route", "curl"},
		"slow clock":  {func(w *ward) { w.Me = answers(telegram.Identity{Date: now().Add(30 * time.Second)}, nil) }, "clock-agrees", "warn", "30 s behind Telegram's", "timedatectl"},
		"wrong clock": {func(w *ward) { w.Me = answers(telegram.Identity{Date: now().Add(-time.Hour)}, nil) }, "clock-agrees", "fail", "60 min ahead of", "timedatectl"},
		"loose clock": {func(w *ward) {
			w.Change = func(p *Patient) { p.Synchronised = func() (bool, error) { return false, nil } }
		}, "clock-kept", "warn", "nothing keeps", "timesyncd"},
		"memory":       {func(w *ward) { w.write("/proc/meminfo", 0o644, "MemTotal: 1000 kB\nMemAvailable: 49 kB\n") }, "memory-free", "warn", "49 KB", "ps "},
		"no program":   {func(w *ward) { w.remove("/usr/local/lib/healthagent") }, "files-program", "fail", "leads nowhere", "install.sh"},
		"its mode":     {func(w *ward) { w.chmod("/usr/local/lib/healthagent/releases/1.0.0/healthagent", 0o777) }, "files-program", "warn", "0777", "chmod 0755 /usr/local/lib"},
		"env mode":     {func(w *ward) { w.patient(); w.chmod(config.DefaultEnvFile, 0o640) }, "files-settings", "fail", "0640 and should have 0600", "chmod 0600 /etc/healthagent/healthagent.env"},
		"dir mode":     {func(w *ward) { w.chmod(credentialDir, 0o750) }, "files-credentials", "fail", "0750", "chmod 0700 " + credentialDir},
		"secret mode":  {func(w *ward) { w.chmod(tokenFile, 0o644) }, "files-credentials", "fail", "0644", "chmod 0600 " + tokenFile},
		"no secret":    {func(w *ward) { w.remove(tokenFile) }, "files-credentials", "fail", "243/CREDENTIALS", "LoadCredential"},
		"no secrets":   {func(w *ward) { w.remove(credentialDir) }, "files-credentials", "fail", "gone", tokenFile},
		"state mode":   {func(w *ward) { w.chmod(serviceState, 0o755) }, "files-state", "warn", "0755", "chmod 0700 " + serviceState},
		"no state":     {func(w *ward) { w.remove(serviceState) }, "files-state", "fail", "gone", "restart"},
		"backup mode":  {func(w *ward) { w.env["HEALTHAGENT_BACKUP_DIR"] = serviceBackup; w.chmod(serviceBackup, 0o755) }, "files-backups", "warn", "0755", "chmod 0700"},
		"socket dir":   {func(w *ward) { w.chmod("/run/healthagent", 0o755) }, "files-socket", "warn", "0755 and should have 0750", "chmod 0750 /run"},
		"socket":       {func(w *ward) { w.chmod(serviceSocket, 0o666) }, "files-socket", "warn", "0666", "chmod 0660"},
		"not loaded":   {set(serviceUnit, "LoadState", "not-found"), "service-active", "fail", "no unit", "healthagent units --write"},
		"masked":       {set(serviceUnit, "LoadState", "masked"), "service-active", "fail", "masked", "unmask"},
		"bad unit":     {set(serviceUnit, "LoadState", "bad-setting"), "service-active", "fail", "bad-setting", "verify"},
		"stopped":      {set(serviceUnit, "ActiveState", "inactive"), "service-active", "fail", "inactive", "systemctl start"},
		"starting":     {set(serviceUnit, "ActiveState", "activating"), "service-active", "fail", "still starting: serving", "journalctl"},
		"wrong":        {func(w *ward) { w.fails("exit-code", "78") }, "service-active", "fail", "setting", "config check"},
		"credentials":  {func(w *ward) { w.fails("exit-code", "243") }, "service-active", "fail", "243/CREDENTIALS", "reset-failed"},
		"killed":       {func(w *ward) { w.fails("watchdog", "0") }, "service-active", "fail", "watchdog", "journalctl"},
		"at boot":      {set(serviceUnit, "UnitFileState", "disabled"), "service-enabled", "warn", "disabled", "systemctl enable healthagent"},
		"restarts":     {set(serviceUnit, "NRestarts", "3"), "service-restarts", "warn", "3 times", "journalctl"},
		"watchdog":     {set(serviceUnit, "WatchdogUSec", "0"), "service-watchdog", "warn", "off", "systemctl edit"},
		"cluster":      {set("postgresql@15-healthagent.service", "ActiveState", "failed"), "service-database", "fail", "failed", "systemctl start postgresql@15-healthagent"},
		"cluster boot": {func(w *ward) { w.write("/etc/postgresql/15/healthagent/start.conf", 0o644, "manual\n") }, "service-database", "warn", "boot", "start.conf"},
		"managed":      {func(w *ward) { w.env["DATABASE_URL"] = "postgres://x@db.example/x" }, "service-database", "skip", "not a cluster of this", ""},
		"redis":        {set(redisUnit, "ActiveState", "failed"), "service-cache", "warn", "failed", "systemctl start redis-server@healthagent"},
		"redis boot":   {set(redisUnit, "UnitFileState", "disabled"), "service-cache", "warn", "boot", "systemctl enable"},
		"other unit":   {func(w *ward) { w.write(unitDir+backupUnit, 0o644, "[Service]\nUser=root\n") }, "service-files", "warn", backupUnit, "units --write /etc && "},
		"no unit":      {func(w *ward) { w.remove(unitDir + timerUnit) }, "service-files", "fail", timerUnit, "units --write"},
		"not read":     {set(serviceUnit, "NeedDaemonReload", "yes"), "service-files", "warn", "has not read", "daemon-reload"},
		"a drop-in":    {func(w *ward) { w.write(unitDir+serviceUnit+".d/override.conf", 0o644, "[Service]\n") }, "service-files", "ok", serviceUnit + ".d/override.conf", ""},
		"edited": {func(w *ward) {
			w.units[serviceUnit]["WatchdogUSec"] = "0"
			w.write(unitDir+serviceUnit, 0o644, "[Service]\n")
		}, "service-watchdog", "warn", "off", "healthagent units --write /etc"},
		"exposure": {func(w *ward) {
			w.says["systemd-analyze"] = "→ Overall exposure level for healthagent.service: 9.2 UNSAFE\n"
		}, "service-hardening", "warn", "9.2", "systemctl edit"},
		"unknown":     {func(w *ward) { w.says["systemd-analyze"] = "" }, "service-hardening", "skip", "does not say", ""},
		"old program": {func(w *ward) { w.Change = func(p *Patient) { p.Version = "1.1.0" } }, "service-version", "warn", "the daemon is 1.0.0, and this program is 1.1.0", "restart"},
		"other file":  {func(w *ward) { w.remove("/proc/77/exe"); w.link("/proc/77/exe", "/old/healthagent (deleted)") }, "service-version", "warn", "/old/healthagent", "restart"},
		"timer":       {set(timerUnit, "ActiveState", "inactive"), "backup-timer", "warn", "no dump", "enable --now healthagent-backup.timer"},
		"no timer":    {set(timerUnit, "LoadState", "not-found"), "backup-timer", "warn", "no dump", "units --write"},
		"backup run":  {set(backupUnit, "Result", "exit-code"), "backup-run", "fail", "failed", "journalctl -u healthagent-backup"},
		"no bus":      {func(w *ward) { w.says["systemctl"] = "Failed to connect to bus" }, "service-active", "skip", "Failed to connect to bus", ""},
		"no systemd":  {func(w *ward) { w.remove("/run/systemd") }, "service-active", "skip", "systemd does not run here", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWard(t)
			w.serve(ready(), nil)
			c.damage(w)
			found := findings(t, w.patient())
			says(t, found, c.code, c.verdict, c.text, c.remedy)
		})
	}
}

func (w *ward) fails(result, status string) {
	u := w.units[serviceUnit]
	u["ActiveState"], u["Result"], u["ExecMainStatus"] = "failed", result, status
}

func answers(me telegram.Identity, err error) func(context.Context) (telegram.Identity, error) {
	return func(context.Context) (telegram.Identity, error) { return me, err }
}

func TestFilesOfOthers(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	w.serve(ready(), nil)
	w.Change = func(p *Patient) { p.Owner, p.UID, p.Service.UID = p.Owner+4711, p.Owner+4711, p.Service.UID+4712 }
	found := findings(t, w.patient())
	for code, remedy := range map[string]string{
		"files-program": "chown root: /usr", "files-settings": "chown root: /etc", "files-credentials": "chown root: " + credentialDir,
		"files-state": "chown healthagent: " + serviceState, "files-socket": "chown healthagent: /run/healthagent",
	} {
		if f := found[code]; f.Verdict == source.OK || !strings.Contains(f.Remedy, remedy) {
			t.Errorf("%s: %+v", code, f)
		}
	}
}

// TestABotBesideTheService: what another env file names belongs to whom it belongs to, and is for its owner alone all the same.
func TestABotBesideTheService(t *testing.T) {
	t.Parallel()
	for mode, want := range map[os.FileMode]source.Verdict{0o600: source.OK, 0o644: source.Fail} {
		w := newWard(t)
		w.serve(ready(), nil)
		w.dir("/home/b/state", 0o700)
		w.write("/home/b/env", mode, "")
		w.Change = func(p *Patient) {
			p.Config.EnvFile, p.Config.StateDir = "/home/b/env", "/home/b/state"
			p.Owner, p.Service.UID = p.Owner+4711, p.Service.UID+4712
		}
		found := findings(t, w.patient())
		says(t, found, "files-settings", want, "/home/b/env", "")
		says(t, found, "files-state", source.OK, "/home/b/state", "")
	}
}

func TestASocketOfAnotherGroup(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	w.serve(ready(), nil)
	w.Change = func(p *Patient) { p.Service.GID += 4711 }
	says(t, findings(t, w.patient()), "files-socket", "warn", "not of the group healthagent", "chgrp healthagent /run/healthagent")
}

// What the daemon says of itself is told line by line.
func TestTheDaemonsComponents(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	r := ready()
	r.Components["cache"] = admin.Component{Verdict: admin.Warn, Text: "Redis does not answer"}
	r.Components["leader"] = admin.Component{Verdict: admin.Fail, Text: "another one leads"}
	delete(r.Components, "inbox")
	w.serve(r, nil)
	found := findings(t, w.patient())
	says(t, found, "daemon-cache", "warn", "Redis does not answer", "systemctl start redis-server@healthagent")
	says(t, found, "daemon-leader", "fail", "another one leads", "one bot has one daemon")
	says(t, found, "daemon-inbox", "skip", "this daemon does not say", "")
	says(t, found, "daemon-outbox", "ok", "fine", "")
	starting := newWard(t)
	r = ready()
	r.Components["leader"] = admin.Component{Verdict: admin.Warn, Text: "not held yet"}
	starting.serve(r, nil)
	says(t, findings(t, starting.patient()), "daemon-leader", "warn", "not held yet", "journalctl")
}

func TestADaemonThatStarts(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	w.serve(admin.Judge(map[string]admin.Component{"start": {Verdict: admin.Fail, Text: "waiting for PostgreSQL"}}), nil)
	found := findings(t, w.patient())
	says(t, found, "daemon-socket", "fail", "still starting: waiting for PostgreSQL", "journalctl")
	says(t, found, "daemon-cache", "skip", "still starting", "")
}

// A daemon that is down fails on a server, and is worth a word on a developer's machine, where nothing of a service is missed.
func TestWithoutADaemon(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	says(t, findings(t, w.patient()), "daemon-socket", "fail", "nobody listens", "systemctl start healthagent")

	w = newWard(t)
	w.Change = func(p *Patient) { p.Service = nil }
	w.patient()
	w.remove("/etc/systemd")
	w.remove("/var/lib/healthagent")
	found := findings(t, w.patient())
	says(t, found, "daemon-socket", "warn", "not running", "healthagent serve")
	for _, code := range []string{"service-active", "service-files", "files-program", "files-credentials", "backup-timer"} {
		says(t, found, code, "skip", "no service on this machine", "")
	}
	says(t, found, "files-state", "skip", "does not exist yet", "")
	says(t, found, "backup-offsite", "skip", "no backups", "HEALTHAGENT_BACKUP_DIR")
}

// Somebody who may not read the settings is told what the daemon knows, and of the rest who may see it.
func TestAnOrdinaryUser(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	w.serve(ready(), &source.Doctor{Checks: []source.Finding{
		{Code: "config-admins", Title: "administrators", Verdict: source.Warn, Text: "nobody", Remedy: "do it"},
		{Code: "database-role", Title: "its role", Verdict: source.Skip, Text: "no"},
	}})
	w.Change = func(p *Patient) {
		p.UID += 1000
		p.Config, p.Report, _ = config.Load(config.Options{
			Environ: []string{"HOME=/home/anna"}, Getuid: func() int { return 1000 },
			ReadFile: func(string) ([]byte, error) { return nil, os.ErrPermission },
		})
		p.Sockets = []string{serviceSocket}
	}
	found := findings(t, w.patient())
	says(t, found, "config-admins", "warn", "nobody", "do it")
	for _, code := range []string{"config-token", "database-role", "files-credentials", "backup-age"} {
		says(t, found, code, "skip", "only root may see that: sudo healthagent doctor", "")
	}
	says(t, found, "service-active", "ok", "serving", "")
	says(t, found, "daemon-socket", "ok", "it answers", "")
	says(t, found, "files-state", "ok", serviceState, "")
}

// A daemon of itself leaves out what it cannot see and what it says elsewhere.
func TestTheDaemonOfItself(t *testing.T) {
	t.Parallel()
	w := newWard(t)
	// it was given its settings, and may not read the file that they are in
	w.Change = func(p *Patient) { p.Self, p.Run, p.Report.EnvFileHidden = true, nil, true }
	found := findings(t, w.patient())
	for _, code := range []string{"service-active", "daemon-socket", "daemon-cache", "files-credentials", "clock-kept", "service-version"} {
		if f, made := found[code]; made {
			t.Errorf("%+v", f)
		}
	}
	says(t, found, "service-files", "ok", "as this version", "")
	says(t, found, "files-state", "ok", serviceState, "")
	says(t, found, "config-token", "ok", "it is there", "")
}
