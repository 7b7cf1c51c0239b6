package doctor

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"healthagent/app/backup"
	"healthagent/app/config"
	"healthagent/app/fault"
	"healthagent/tui/source"
)

func backupChecks() []check {
	return []check{
		{"backup-timer", "backup timer", service | manager, checkTimer},
		{"backup-run", "last backup run", service | manager, checkBackupRun},
		{"backup-age", "last dump", setting | rights, checkDump},
		{"backup-verified", "trial restore", setting | rights, checkVerified},
		{"backup-offsite", "off-site copy", setting | rights, checkCopy},
	}
}

// The settings of backups.
const (
	backupDirName  = "HEALTHAGENT_BACKUP_DIR"
	backupHookName = "HEALTHAGENT_BACKUP_HOOK"
)

// backupDir is where the dumps are.
func (v *visit) backupDir() string {
	if v.hidden() || v.installed() && v.Report.Source(backupDirName).Origin == config.Default {
		return serviceBackup // the service's own default is below its state directory, and the installer writes this one into its settings
	}
	return v.Config.BackupDir
}

// backsUp reports whether anybody wants backups: a server does, a developer's machine only when somebody said where.
func (v *visit) backsUp() bool {
	if s, err := v.backups(); err == nil && s.Dumps > 0 {
		return true
	}
	return v.installed() || v.Report.Source(backupDirName).Origin != config.Default
}

func (v *visit) lookBackups(context.Context) (backup.Status, error) {
	return v.Backups(v.path(v.backupDir()))
}

// now is how a dump is made at once.
func (v *visit) dumpNow() string {
	if v.installed() {
		return "systemctl start healthagent-backup"
	}
	return "healthagent backup"
}

func checkTimer(_ context.Context, v *visit) answer {
	return v.withUnit(timerUnit, func(u unit) answer {
		switch {
		case u["LoadState"] != "loaded":
			return warning(v.writeUnits()+" && systemctl enable --now "+timerUnit, "there is no %s: no dump is made by itself", timerUnit)
		case u["ActiveState"] != "active" || u["UnitFileState"] != "enabled":
			return warning("systemctl enable --now "+timerUnit, "it is %s and %s: no dump is made by itself", u["ActiveState"], u["UnitFileState"])
		}
		return well("it is on")
	})
}

func checkBackupRun(_ context.Context, v *visit) answer {
	return v.withUnit(backupUnit, func(u unit) answer {
		switch {
		case u["ActiveState"] == "activating":
			return well("it is at work")
		case u["Result"] != "success" && u["Result"] != "" || u["ActiveState"] == "failed":
			return failure("journalctl -u healthagent-backup -n 30 --no-pager; systemctl start healthagent-backup", "it failed: %s", ending(u))
		case u["ExecMainExitTimestamp"] == "" || u["ExecMainExitTimestamp"] == "n/a":
			return well("none since the last boot")
		}
		return well("it went well")
	})
}

// From here on a dump is old: one a day and some patience, and days in which nobody noticed.
const (
	dumpOld  = 26 * time.Hour
	dumpGone = 3 * 24 * time.Hour
)

// withBackups makes an answer of the directory of dumps.
func (v *visit) withBackups(judge func(backup.Status) answer) answer {
	if !v.backsUp() {
		return answer{verdict: source.Skip, text: "no backups are made here", remedy: "Write HEALTHAGENT_BACKUP_DIR=<directory> into " + v.envFile() + ", and run 'healthagent backup' every day."}
	}
	s, err := v.backups()
	if err != nil {
		return failure("ls -la "+fault.Word(v.backupDir()), "%s cannot be looked at: %v", v.backupDir(), err)
	}
	return judge(s)
}

func checkDump(_ context.Context, v *visit) answer {
	return v.withBackups(func(s backup.Status) answer {
		var old time.Duration
		if s.Newest == nil {
			begun := v.begun()
			if begun.IsZero() || v.Now().Sub(begun) < dumpGone {
				return warning(v.dumpNow(), "there is none yet in %s", v.backupDir())
			}
			return failure(v.dumpNow(), "there is none in %s, and the database is %s old", v.backupDir(), age(v.Now().Sub(begun)))
		}
		old = v.Now().Sub(s.Newest.CreatedAt)
		if old < -clockFail {
			return v.fromTheFuture(s.Newest.File, "made")
		}
		text := fmt.Sprintf("%s old, %s; %s in %s", age(old), size(s.Newest.Bytes), plural(s.Dumps, "one dump", "%d dumps"), v.backupDir())
		switch {
		case old > dumpGone && v.installed():
			return failure(v.dumpNow(), "%s", text)
		case old > dumpOld:
			return warning(v.dumpNow(), "%s", text)
		}
		return well("%s", text)
	})
}

// fromTheFuture is said of a dump that a wrong clock has dated: it would be the newest for as long as the clock was ahead, whatever is
// made after it, or not made.
func (v *visit) fromTheFuture(file, what string) answer {
	dir := filepath.Join(v.backupDir(), "misdated")
	return warning("install -d -m 0700 "+fault.Word(dir)+" && mv "+fault.Word(filepath.Join(v.backupDir(), file))+"* "+fault.Word(dir)+"/ && timedatectl",
		"%s was %s at a time to come: a clock was wrong, and it hides how old the others are", file, what)
}

// verifyOld is a week and some patience.
const verifyOld = 8 * 24 * time.Hour

func checkVerified(_ context.Context, v *visit) answer {
	verify := "healthagent backup verify"
	return v.withBackups(func(s backup.Status) answer {
		switch {
		case s.Failed != nil && s.Failed.Verified != nil:
			// the same one would go as badly again
			return failure("healthagent backup && "+verify, "%s could not be restored %s ago: %s", s.Failed.File, age(v.Now().Sub(s.Failed.Verified.At)), s.Failed.Verified.Text)
		case s.Newest == nil:
			return warning(v.dumpNow()+" && "+verify, "there is no dump to restore on trial")
		case s.Verified == nil || s.Verified.Verified == nil:
			return warning(verify, "no dump was restored on trial yet: nobody knows whether one can be")
		}
		old := v.Now().Sub(s.Verified.Verified.At)
		if old < -clockFail {
			return v.fromTheFuture(s.Verified.File, "restored on trial")
		}
		if old > verifyOld {
			return warning(verify, "the last one was %s ago", age(old))
		}
		return well("%s was restored on trial %s ago", s.Verified.File, age(old))
	})
}

// copyTime is how long a hook may take with a dump before its absence is said.
const copyTime = 6 * time.Hour

func checkCopy(_ context.Context, v *visit) answer {
	return v.withBackups(func(s backup.Status) answer {
		if v.Config.BackupHook == "" {
			return warning("Write HEALTHAGENT_BACKUP_HOOK='scp -Bq \"$HEALTHAGENT_BACKUP_FILE\"* user@elsewhere:healthagent/' (or rclone, restic, ...) into "+v.envFile()+", then: "+v.dumpNow(),
				"HEALTHAGENT_BACKUP_HOOK is empty: a dump on the same disk is no backup")
		}
		n := s.Newest
		switch {
		case n == nil:
			return warning(v.dumpNow(), "there is no dump to copy yet")
		case n.Copied != nil && !n.Copied.OK:
			return failure("journalctl -u healthagent-backup -n 30 --no-pager; "+v.dumpNow(), "the hook failed with %s: %s", n.File, n.Copied.Text)
		case n.Copied == nil && v.Now().Sub(n.CreatedAt) > copyTime:
			return warning(v.dumpNow(), "the hook has not taken %s", n.File)
		case n.Copied == nil && s.Copied == nil:
			return warning(v.dumpNow(), "the hook has taken no dump yet")
		case n.Copied == nil:
			return well("the last one that was copied is %s", s.Copied.File)
		}
		return well("%s was copied %s ago", n.File, age(v.Now().Sub(n.Copied.At)))
	})
}
