package rig

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// signalAll sends sig to a server and its children and returns their process
// ids. It first stops the parent, so that it makes no more of them. Children
// that end meanwhile do not matter.
func signalAll(pid int, sig syscall.Signal) ([]int, error) {
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		return nil, err
	}
	all := []int{pid}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	for _, path := range stats {
		if parent, _ := status(path); parent != pid {
			continue
		}
		if child, err := strconv.Atoi(filepath.Base(filepath.Dir(path))); err == nil {
			all = append(all, child)
		}
	}
	for _, p := range all {
		_ = syscall.Kill(p, sig)
	}
	return all, nil
}

// gone waits until none of the processes runs any more.
func gone(ctx context.Context, pids []int) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for _, pid := range pids {
		for {
			_, state := status("/proc/" + strconv.Itoa(pid) + "/stat")
			if state == "" || state == "Z" || state == "X" {
				break
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	}
	return nil
}

// status reads a process's parent and state; 0 and "" when there is no such
// process.
func status(path string) (parent int, state string) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, ""
	}
	// pid (name) state ppid ...; the name may hold anything.
	f := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(f) < 2 {
		return 0, ""
	}
	parent, _ = strconv.Atoi(f[1])
	return parent, f[0]
}
