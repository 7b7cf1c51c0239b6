package machine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// Network gives the server a way out, through this machine and without any
// change to it. A server begins without, and so does one that was restarted.
func (m *Machine) Network(ctx context.Context) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.slirp != nil {
		return nil
	}
	ready, write, err := os.Pipe()
	if err != nil {
		return err
	}
	defer ready.Close()                                                                                                 //nolint:errcheck // it was only read from
	command := exec.Command("slirp4netns", "--configure", "--mtu=1500", "--ready-fd=3", strconv.Itoa(m.leader), "tap0") //nolint:gosec // a number of ours
	command.ExtraFiles = []*os.File{write}
	command.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	var said bytes.Buffer
	command.Stderr = &said
	gone, err := tie(command)
	_ = write.Close()
	if err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = ready.Close() })
	defer stop()
	if n, err := ready.Read(make([]byte, 1)); n != 1 {
		_ = command.Process.Kill()
		<-gone
		return fmt.Errorf("slirp4netns: %w: %s", err, said.String())
	}
	m.slirp = command
	return nil
}

// Unplug takes the way out away.
func (m *Machine) Unplug() { m.unplug() }

func (m *Machine) unplug() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.slirp != nil {
		_ = m.slirp.Process.Kill()
		m.slirp = nil
	}
}

// Listen listens inside the server's network, for this process: what connects to
// that address in there is answered out here. The listener is to be closed when
// the server is stopped, and be made anew after a restart.
func (m *Machine) Listen(ctx context.Context, addr string) (net.Listener, error) {
	var listener net.Listener
	done := make(chan error)
	go func() {
		// Never unlocked: a thread that may be in the wrong network must end.
		runtime.LockOSThread()
		done <- func() error {
			ns, err := os.Open(filepath.Join("/proc", strconv.Itoa(m.leader), "ns/net"))
			if err != nil {
				return err
			}
			err = unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET)
			if err := errors.Join(err, ns.Close()); err != nil {
				return fmt.Errorf("enter the server's network: %w", err)
			}
			var lc net.ListenConfig
			listener, err = lc.Listen(ctx, "tcp", addr)
			return err
		}()
	}()
	return listener, <-done
}
