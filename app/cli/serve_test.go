package cli

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestTheServiceIsClosedToOtherProcessesOfItsUser(t *testing.T) {
	if err := closeToOthers(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0); err != nil {
			t.Error(err)
		}
	}()
	if open, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || open != 0 {
		t.Errorf("it is %d, %v", open, err)
	}
}
