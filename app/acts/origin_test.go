package acts_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"healthagent/app/acts"
)

// TestFromWhereSomebodyComes is told by the environment of a process, or of one above it.
func TestFromWhereSomebodyComes(t *testing.T) {
	t.Parallel()
	if cgroup, _ := os.ReadFile("/proc/self/cgroup"); acts.RemoteHost(cgroup, "/run/systemd/sessions") != "" {
		t.Skip("this test itself runs in a session that the login manager knows better")
	}
	for _, tt := range []struct {
		environ []string
		want    string
	}{
		{[]string{"SSH_CLIENT=203.0.113.9 50222 22"}, "203.0.113.9"},
		{[]string{"SSH_CONNECTION=2001:db8::7 50222 2001:db8::1 22"}, "2001:db8::7"},
		{[]string{"SSH_CLIENT=\x1b[2J; DROP"}, ""}, // anybody may write into their own environment
		{nil, ""},
	} {
		cmd := exec.Command("sh", "-c", "echo; cat")
		cmd.Env = append([]string{"PATH=/usr/bin:/bin"}, tt.environ...)
		in, err := cmd.StdinPipe()
		must(t, err)
		out, err := cmd.StdoutPipe()
		must(t, err)
		must(t, cmd.Start())
		_, err = out.Read(make([]byte, 1)) // it runs, with its own environment
		must(t, err)
		if got := acts.Origin(cmd.Process.Pid); tt.want != "" && got != tt.want || strings.ContainsAny(got, "\x1b;") {
			t.Errorf("%q comes from %q", tt.environ, got)
		}
		must(t, in.Close())
		must(t, cmd.Wait())
	}
	if got := acts.Origin(-1); got != "" {
		t.Errorf("nobody comes from %q", got)
	}
}

// TestTheLoginManagerKnowsFromWhere a session was opened, also to a service that may not read the environment of its processes.
func TestTheLoginManagerKnowsFromWhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"70": "# This is private data. Do not parse.\nUID=1001\nREMOTE=1\nREMOTE_HOST=203.0.113.9\nSERVICE=sshd\n",
		"c1": "UID=0\nREMOTE=0\nTTY=tty1\n", "71": "REMOTE_HOST=a\x1b[2J.example\n",
	} {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	for cgroup, want := range map[string]string{
		"0::/user.slice/user-1001.slice/session-70.scope\n":                             "203.0.113.9",
		"1:name=systemd:/user.slice/user-1001.slice/session-70.scope\n0::/init.scope\n": "203.0.113.9",
		"0::/user.slice/user-0.slice/session-c1.scope\n":                                "",
		"0::/user.slice/user-0.slice/session-71.scope\n":                                "",
		"0::/user.slice/user-0.slice/session-72.scope\n":                                "",
		"0::/user.slice/session-../70.scope\n":                                          "",
		"0::/system.slice/healthagent.service\n":                                        "",
		"0::/user.slice/user-1001.slice/user@1001.service/app.slice/run-r8f.scope\n":    "",
		"": "",
	} {
		if got := acts.RemoteHost([]byte(cgroup), dir); got != want {
			t.Errorf("%q comes from %q, not %q", cgroup, got, want)
		}
	}
}
