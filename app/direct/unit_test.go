package direct_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"healthagent/app/direct"
)

func TestDiagnose(t *testing.T) {
	t.Parallel()
	var asked []string
	u := direct.Unit{Run: func(_ context.Context, name string, args ...string) string {
		asked = append(asked, name+" "+strings.Join(args, " "))
		if name == "systemctl" {
			return "LoadState=loaded\nActiveState=failed\nSubState=failed\nResult=oom-kill\nExecMainStatus=9\nNRestarts=3\nActiveExitTimestamp=\nStatusText=[not set]\n"
		}
		return "Jan 18 14:01:29 vps-1 healthagent[1]: one\n\nJan 18 14:01:30 vps-1 healthagent[1]: two"
	}}
	unit, journal := u.Diagnose(t.Context())
	if !slices.Equal(unit, []string{"ActiveState=failed", "SubState=failed", "Result=oom-kill", "ExecMainStatus=9", "NRestarts=3"}) {
		t.Errorf("%q", unit)
	}
	if len(journal) != 2 || !strings.HasSuffix(journal[1], "two") {
		t.Errorf("%q", journal)
	}
	if len(asked) != 2 || !strings.Contains(asked[0], "show healthagent ") || !strings.Contains(asked[1], "--unit=healthagent --lines=20") {
		t.Errorf("%q", asked)
	}
}

func TestDiagnoseWithoutAUnit(t *testing.T) {
	t.Parallel()
	for what, says := range map[string]string{"no such unit": "LoadState=not-found\nActiveState=inactive\n", "no service manager": ""} {
		u := direct.Unit{Run: func(_ context.Context, name string, _ ...string) string {
			if name != "systemctl" {
				t.Errorf("%s: %s is asked for nothing", what, name)
			}
			return says
		}}
		if unit, journal := u.Diagnose(t.Context()); unit != nil || journal != nil {
			t.Errorf("%s: %q %q", what, unit, journal)
		}
	}
}

// TestDiagnoseRunsThePrograms with a directory of stand-ins first on the path: a program that hangs ends with the context, one that
// floods is cut, and what they say to their errors is lost.
func TestDiagnoseRunsThePrograms(t *testing.T) {
	dir := t.TempDir()
	write := func(name, script string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o700); err != nil { //nolint:gosec // it is run
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	write("systemctl", "echo noise >&2\necho LoadState=loaded\necho ActiveState=failed\necho LC=$LC_ALL\nexit 3")
	write("journalctl", "yes | head -c 1000000")
	unit, journal := direct.Unit{}.Diagnose(t.Context())
	if !slices.Equal(unit, []string{"ActiveState=failed", "LC=C"}) || len(journal) == 0 || len(journal) > 1<<17 {
		t.Errorf("%q, %d lines", unit, len(journal))
	}
	write("systemctl", "sleep 1000 & sleep 1000")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if unit, _ := (direct.Unit{}).Diagnose(ctx); unit != nil {
		t.Errorf("%q", unit)
	}
}
