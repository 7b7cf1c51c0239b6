package doctor

import (
	"context"
	"os/exec"
	"time"
)

// program runs a program with nothing of ours but the path.
func program(ctx context.Context, name string, args ...string) (string, error) {
	var out limited
	c := exec.CommandContext(ctx, name, args...)
	c.Stdout, c.Stderr = &out, &out
	c.WaitDelay = 100 * time.Millisecond // whoever it has started may hold its output open
	c.Env = append(c.Environ(), "LC_ALL=C", "SYSTEMD_COLORS=0", "SYSTEMD_PAGER=", "SYSTEMD_LOG_LEVEL=err")
	err := c.Run()
	return string(out.kept), err
}

// limited keeps the beginning of what is written to it.
type limited struct{ kept []byte }

const most = 256 << 10

func (l *limited) Write(p []byte) (int, error) {
	l.kept = append(l.kept, p[:min(len(p), most-len(l.kept))]...)
	return len(p), nil
}
