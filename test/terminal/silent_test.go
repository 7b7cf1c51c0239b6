package terminal

import (
	"strings"
	"testing"
)

// TestNoVerbAsksTheTerminal: a terminal that answers nothing gets no question, whatever is linked into the program. Asking would show as
// an escape sequence, and as five seconds of waiting for the answer.
func TestNoVerbAsksTheTerminal(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"version"}, {"help"}, {"config", "keys"}, {"tui", "--help"}, {"no-such-verb"}} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			t.Parallel()
			x := start(t, 80, 24, nil, args...)
			x.end()
			if out := x.drained(); strings.Contains(out, "\x1b") || out == "" {
				t.Errorf("it wrote %q", out)
			}
		})
	}
}
