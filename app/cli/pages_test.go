package cli_test

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"testing"

	"healthagent/app/cli"
	"healthagent/app/config"
	"healthagent/test/rig"
)

// output runs healthagent with no setting but these and returns what it printed.
func output(t *testing.T, code int, environ []string, args ...string) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	environ = append([]string{"HEALTHAGENT_ENV_FILE=/dev/null"}, environ...)
	if got := cli.Run(t.Context(), args, strings.NewReader(""), &out, &errs, environ); got != code {
		t.Fatalf("%v: exit code %d, want %d\n%s%s", args, got, code, &out, &errs)
	}
	return out.String(), errs.String()
}

func TestKeysAndManualNameEverySetting(t *testing.T) {
	t.Parallel()
	table, _ := output(t, 0, nil, "config", "keys")
	document, _ := output(t, 0, nil, "config", "keys", "-o", "json")
	manual, _ := output(t, 0, nil, "man")
	var keys struct {
		Settings []struct{ Name, Meaning, Default, Format, Flag, Credential string }
	}
	if err := json.Unmarshal([]byte(document), &keys); err != nil {
		t.Fatal(err)
	}
	settings := config.Table()
	if len(keys.Settings) != len(settings) {
		t.Fatalf("%d keys, %d settings", len(keys.Settings), len(settings))
	}
	for i, s := range settings {
		if k := keys.Settings[i]; k.Name != s.Name || k.Default != s.Default || k.Credential != s.Credential || k.Meaning == "" || k.Format == "" {
			t.Errorf("key %+v of setting %s", k, s.Name)
		}
		if !strings.Contains(table, s.Name+"  "+s.Meaning) {
			t.Errorf("the table has no %s", s.Name)
		}
		if !strings.Contains(manual, "\\fB"+s.Name+"\\fR") {
			t.Errorf("the manual has no %s", s.Name)
		}
	}
}

// TestManualIsRoff holds that every line is text or one of the macros in use, and that
// every verb is there.
func TestManualIsRoff(t *testing.T) {
	t.Parallel()
	manual, _ := output(t, 0, nil, "man")
	for i, line := range strings.Split(strings.TrimSuffix(manual, "\n"), "\n") {
		macro, _, _ := strings.Cut(line, " ")
		switch {
		case line == "", strings.HasPrefix(line, "'"):
			t.Errorf("line %d: %q would be read as something else", i+1, line)
		case strings.HasPrefix(line, ".") && !strings.Contains(" .TH .SH .TP .ad .br .fi .nf .nh .sp ", " "+macro+" "):
			t.Errorf("line %d: unknown macro %q", i+1, line)
		}
	}
	for _, verb := range []string{"serve", "migrate status", "migrate up [VERSION]", "invite create", "users activate ID", "stats pool", "config check", "tui", "version"} {
		if !strings.Contains(manual, `\fB`+verb+`\fR`) {
			t.Errorf("no verb %q", verb)
		}
	}
}

// TestManualKeepsCommandsWhole: a command line of it can be pasted, however wide the terminal is, and a flag has the kind and the default that
// the help says.
func TestManualKeepsCommandsWhole(t *testing.T) {
	t.Parallel()
	manual, _ := output(t, 0, nil, "man")
	filled := true
	for line := range strings.Lines(manual) {
		switch {
		case strings.HasPrefix(line, ".fi") || strings.HasPrefix(line, ".nf"):
			if filled == (line == ".fi\n") {
				t.Errorf("%q where it is so already", line)
			}
			filled = line == ".fi\n"
		case filled == strings.HasPrefix(line, " "):
			t.Errorf("filled %v: %q", filled, line)
		}
	}
	for _, line := range []string{
		".nf\n  HEALTHAGENT_BACKUP_HOOK='rclone copy", ".nh\n.ad l\n", `\-\-for duration: how long the people talk`, ` (default 30s)`,
		`\-\-seconds float: how long each measurement takes (default 2)`,
	} {
		if !strings.Contains(manual, line) {
			t.Errorf("no %q", line)
		}
	}
}

func TestBuildSaysWhatTheLinkerKnew(t *testing.T) {
	t.Parallel()
	var out, errs bytes.Buffer
	build := cli.Build{Version: "v1.2.3", Commit: "0123456789abcdef", Date: "2026-01-02"}
	if code := build.Run(t.Context(), []string{"version"}, strings.NewReader(""), &out, &errs, nil); code != 0 {
		t.Fatal(code, errs.String())
	}
	if got := out.String(); !strings.HasPrefix(got, "healthagent v1.2.3 (0123456789ab") || !strings.Contains(got, "2026-01-02) go1.") {
		t.Errorf("got %q", got)
	}
}

// full cannot be written to, as a disk or a pipe that is gone.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestOutputThatCannotBeWrittenIsAFailure(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"version"}, {"version", "-o", "json"}, {"config", "keys"}, {"man"}} {
		var errs bytes.Buffer
		if code := cli.Run(t.Context(), args, strings.NewReader(""), full{}, &errs, nil); code != 1 {
			t.Errorf("%v: exit code %d, want 1", args, code)
		}
		if !strings.Contains(errs.String(), errFull.Error()) {
			t.Errorf("%v: %q", args, errs.String())
		}
	}
}

func TestInterruptIsAFailureAndNotAnAbsence(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs bytes.Buffer
	environ := []string{"HEALTHAGENT_ENV_FILE=/dev/null", "DATABASE_URL=" + rig.EmptyDatabase(t)}
	if code := cli.Run(ctx, []string{"users", "list"}, strings.NewReader(""), &out, &errs, environ); code != 1 {
		t.Errorf("exit code %d", code)
	}
	if errs.String() != "healthagent: interrupted\n" {
		t.Errorf("said %q", &errs)
	}
}
