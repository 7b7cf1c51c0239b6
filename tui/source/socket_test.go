package source_test

import (
	"errors"
	"net"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"healthagent/tui/source"
)

// TestASocketThatMayNotBeOpened: who may not look is told which socket and how to be let in, also when another path has no socket at all.
func TestASocketThatMayNotBeOpened(t *testing.T) {
	t.Parallel()
	path := socketPath(t)
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	got := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and it ends with this goroutine: what follows is of this thread only
		if os.Getuid() == 0 {
			if err := syscall.Setfsuid(65534); err != nil {
				got <- err
				return
			}
		}
		_, err := source.Dial(t.Context(), []string{socketPath(t), path, socketPath(t)})
		got <- err
	}()
	err = <-got
	var refused *source.RefusedError
	if !errors.As(err, &refused) || !strings.Contains(refused.Reason, "may not open the daemon's socket "+path) || !strings.HasSuffix(refused.Reason, "log in again") {
		t.Errorf("%v", err)
	}
}
