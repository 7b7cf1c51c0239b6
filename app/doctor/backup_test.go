package doctor

import (
	"errors"
	"testing"
	"time"

	"healthagent/app/backup"
	"healthagent/app/fault"
	"healthagent/store/dump"
	"healthagent/tui/source"
)

func ago(d time.Duration) time.Time { return now().Add(-d) }

// dumped is a dump that was made some time ago, and what was done with it.
func dumped(old time.Duration, verified, copied *dump.Outcome) *dump.Manifest {
	return &dump.Manifest{File: "d.dump", Bytes: 5 << 20, CreatedAt: ago(old), Verified: verified, Copied: copied}
}

func TestBackups(t *testing.T) {
	t.Parallel()
	const hour, day = time.Hour, 24 * time.Hour
	good := func(old time.Duration) *dump.Outcome { return &dump.Outcome{At: ago(old), OK: true} }
	bad := &dump.Outcome{At: ago(hour), Text: "it is cut off"}
	hooked := func(w *ward) { w.env[backupHookName] = "true" }
	for name, c := range map[string]struct {
		status  backup.Status
		err     error
		damage  func(*ward)
		code    string
		verdict source.Verdict
		text    string
		remedy  string
	}{
		"none yet":        {code: "backup-age", verdict: "warn", text: "there is none yet", remedy: "systemctl start healthagent-backup"},
		"unreadable":      {err: errors.New("no entry"), code: "backup-age", verdict: "fail", text: "no entry", remedy: "ls -la"},
		"fresh":           {status: backup.Status{Dumps: 2, Newest: dumped(hour, nil, nil)}, code: "backup-age", verdict: "ok", text: "60 min old, 5.0 MB; 2 dumps"},
		"old":             {status: backup.Status{Dumps: 1, Newest: dumped(27*hour, nil, nil)}, code: "backup-age", verdict: "warn", text: "27 h old", remedy: "systemctl start"},
		"too old":         {status: backup.Status{Dumps: 1, Newest: dumped(4*day, nil, nil)}, code: "backup-age", verdict: "fail", text: "4 days old", remedy: "systemctl start"},
		"from the future": {status: backup.Status{Dumps: 1, Newest: dumped(-day, nil, nil)}, code: "backup-age", verdict: "warn", text: "at a time to come", remedy: "d.dump* "},
		"tried in the future": {
			status: backup.Status{Dumps: 1, Newest: dumped(hour, nil, nil), Verified: dumped(hour, good(-day), nil)}, code: "backup-verified", verdict: "warn", text: "at a time to come", remedy: "d.dump* ",
		},
		"never tried":   {status: backup.Status{Dumps: 1, Newest: dumped(hour, nil, nil)}, code: "backup-verified", verdict: "warn", text: "no dump was restored", remedy: "backup verify"},
		"nothing there": {code: "backup-verified", verdict: "warn", text: "no dump to restore", remedy: "backup verify"},
		"tried":         {status: backup.Status{Dumps: 1, Newest: dumped(hour, nil, nil), Verified: dumped(day, good(3*hour), nil)}, code: "backup-verified", verdict: "ok", text: "3 h ago"},
		"tried long ago": {
			status: backup.Status{Dumps: 1, Newest: dumped(hour, nil, nil), Verified: dumped(9*day, good(9*day), nil)}, code: "backup-verified", verdict: "warn", text: "9 days ago", remedy: "backup verify",
		},
		"tried badly": {
			status: backup.Status{Dumps: 1, Newest: dumped(hour, bad, nil), Failed: dumped(hour, bad, nil), Verified: dumped(day, good(day), nil)},
			code:   "backup-verified", verdict: "fail", text: "it is cut off", remedy: "healthagent backup && healthagent backup verify",
		},
		"no hook":      {status: backup.Status{Dumps: 1, Newest: dumped(hour, nil, nil)}, code: "backup-offsite", verdict: "warn", text: "no backup", remedy: "HEALTHAGENT_BACKUP_HOOK="},
		"copied":       {damage: hooked, status: backup.Status{Dumps: 1, Newest: dumped(hour, nil, good(hour))}, code: "backup-offsite", verdict: "ok", text: "copied 60 min ago"},
		"hook failed":  {damage: hooked, status: backup.Status{Dumps: 1, Newest: dumped(hour, nil, bad)}, code: "backup-offsite", verdict: "fail", text: "it is cut off", remedy: "journalctl -u healthagent-backup"},
		"not taken":    {damage: hooked, status: backup.Status{Dumps: 1, Newest: dumped(7*hour, nil, nil), Copied: dumped(day, nil, good(day))}, code: "backup-offsite", verdict: "warn", text: "has not taken", remedy: "systemctl start"},
		"never taken":  {damage: hooked, status: backup.Status{Dumps: 1, Newest: dumped(hour, nil, nil)}, code: "backup-offsite", verdict: "warn", text: "no dump yet", remedy: "systemctl start"},
		"being taken":  {damage: hooked, status: backup.Status{Dumps: 1, Newest: dumped(hour, nil, nil), Copied: dumped(day, nil, good(day))}, code: "backup-offsite", verdict: "ok", text: "the last one that was copied"},
		"room":         {status: backup.Status{Dumps: 1, Newest: dumped(hour, nil, nil)}, code: "disk-backups", verdict: "ok", text: "are left at"},
		"no more room": {status: backup.Status{Dumps: 1, Newest: &dump.Manifest{Bytes: 1 << 60}}, code: "disk-backups", verdict: "fail", text: "another dump may not fit", remedy: "du -x"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWard(t)
			if c.damage != nil {
				c.damage(w)
			}
			w.Change = func(p *Patient) {
				p.Backups = func(string) (backup.Status, error) { return c.status, c.err }
			}
			says(t, findings(t, w.patient()), c.code, c.verdict, c.text, c.remedy)
		})
	}
}

func TestRoom(t *testing.T) {
	t.Parallel()
	v := newVisit(t.Context(), Patient{Root: t.TempDir()})
	for free, want := range map[int64]source.Verdict{4: "fail", 9: "warn", 10: "ok"} {
		if a := v.judgeRoom("/x", room{free: free, total: 100}); a.verdict != want || want != "ok" && a.remedy == "" {
			t.Errorf("%d %%: %+v", free, a)
		}
	}
	r, err := v.room("/not/there/yet")
	if err != nil || r.total == 0 || r.free == 0 {
		t.Errorf("%+v %v", r, err)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		fault.Word("/a/b-c.d"): "/a/b-c.d", fault.Word("a b"): "'a b'", fault.Word("it's"): `"it's"`, fault.Word(`it's "$x"`): `'it'\''s "$x"'`, fault.Word(""): "''",
		size(0): "0 bytes", size(1023): "1023 bytes", size(1 << 10): "1.0 KB", size(1500 << 20): "1.5 GB", size(900 << 30): "900 GB", size(5 << 50): "5120 TB",
		age(time.Second): "1 s", age(90 * time.Minute): "90 min", age(26 * time.Hour): "26 h", age(50 * time.Hour): "2 days",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
