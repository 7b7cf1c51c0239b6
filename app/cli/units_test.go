package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"healthagent/systemd"
)

func TestUnitsArePrintedAsTheyAre(t *testing.T) {
	t.Parallel()
	list, _ := output(t, 0, nil, "units")
	for _, u := range systemd.Units() {
		if text, _ := output(t, 0, nil, "units", u.Name); text != u.Text {
			t.Errorf("%s is printed as\n%s", u.Name, text)
		}
		if !strings.Contains(list, u.Path+"  ") {
			t.Errorf("the list has no %s:\n%s", u.Path, list)
		}
	}
	if _, errs := output(t, 2, nil, "units", "sshd.service"); !strings.Contains(errs, "healthagent.service") {
		t.Errorf("said %q", errs)
	}
	output(t, 2, nil, "units", "--write", "")
	output(t, 2, nil, "units", "--write", "/nowhere", "healthagent.service")
}

// written runs units --write and returns the state of each file.
func written(t *testing.T, etc string) map[string]string {
	t.Helper()
	out, _ := output(t, 0, nil, "units", "--write", etc, "-o", "json")
	var document struct {
		Units []struct{ Name, Path, State string }
	}
	if err := json.Unmarshal([]byte(out), &document); err != nil {
		t.Fatal(err)
	}
	states := map[string]string{}
	for _, u := range document.Units {
		states[u.Name] = u.State
	}
	return states
}

func TestUnitsAreWrittenOnce(t *testing.T) {
	t.Parallel()
	etc := t.TempDir()
	for name, state := range written(t, etc) {
		if state != "changed" {
			t.Errorf("%s is %s at first", name, state)
		}
	}
	for _, u := range systemd.Units() {
		path := filepath.Join(etc, strings.TrimPrefix(u.Path, "/etc/"))
		text, err := os.ReadFile(path)
		info, errInfo := os.Stat(path)
		if err != nil || errInfo != nil || string(text) != u.Text || info.Mode() != 0o644 {
			t.Errorf("%s: %v %v", path, err, errInfo)
		}
	}
	service := filepath.Join(etc, "systemd/system/healthagent.service")
	timer := filepath.Join(etc, "systemd/system/healthagent-backup.timer")
	if err := os.WriteFile(service, []byte("[Unit]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(timer, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, state := range written(t, etc) {
		want := "unchanged"
		if name == "healthagent.service" || name == "healthagent-backup.timer" {
			want = "changed"
		}
		if state != want {
			t.Errorf("%s is %s, not %s", name, state, want)
		}
	}
	for name, state := range written(t, etc) {
		if state != "unchanged" {
			t.Errorf("%s is %s at last", name, state)
		}
	}
	if left, err := filepath.Glob(filepath.Join(etc, "*/*/.*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}
