package acts_test

import (
	"os/exec"
	"strings"
	"testing"

	"healthagent/app/acts"
)

// TestFromWhereSomebodyComes is told by the environment of a process, or of one above it.
func TestFromWhereSomebodyComes(t *testing.T) {
	t.Parallel()
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
