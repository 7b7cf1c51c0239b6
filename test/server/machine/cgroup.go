package machine

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// cgroupPrefix leads the name of every cgroup that is made here.
const cgroupPrefix = "healthagent-server-test-"

// cgroups are the directories, one in each hierarchy that systemd uses, in which
// a server gets a cgroup of its own: those of this process. The server's manager
// takes what it finds at its start for the top of all.
func cgroups() ([]string, error) {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil, err
	}
	own, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		return nil, err
	}
	var dirs []string
	for line := range strings.Lines(string(mounts)) {
		f := strings.Fields(line)
		if len(f) < 4 {
			continue
		}
		hierarchy := "::" // the unified one has no name
		if f[2] == "cgroup" && strings.Contains(","+f[3]+",", ",name=systemd,") {
			hierarchy = ":name=systemd:"
		} else if f[2] != "cgroup2" {
			continue
		}
		for entry := range strings.Lines(string(own)) {
			if _, path, found := strings.Cut(strings.TrimSpace(entry), hierarchy); found {
				dirs = append(dirs, filepath.Join(f[1], path))
			}
		}
	}
	for _, dir := range dirs {
		trial := filepath.Join(dir, cgroupPrefix+"trial-"+strconv.Itoa(os.Getpid()))
		if err := os.Mkdir(trial, 0o755); err != nil { //nolint:gosec // as all cgroups
			return nil, &Unable{"no cgroup can be made here: " + err.Error()}
		}
		_ = os.Remove(trial)
	}
	if len(dirs) == 0 {
		return nil, &Unable{"there are no cgroups here"}
	}
	return dirs, nil
}

// cgroup makes the server's cgroup in every hierarchy.
func (h *Host) cgroup(name string) ([]string, error) {
	var dirs []string
	for _, parent := range h.parents {
		dir := filepath.Join(parent, cgroupPrefix+h.id+"-"+name)
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) { //nolint:gosec // as all cgroups
			return nil, err
		}
		dirs = append(dirs, dir)
	}
	return dirs, nil
}

// uncgroup kills what runs in the cgroups of a run, or of one server of it when
// the id says so, and removes them.
func (h *Host) uncgroup(id string) error {
	for _, parent := range h.parents {
		exact, err := filepath.Glob(filepath.Join(parent, cgroupPrefix+id))
		if err != nil {
			return err
		}
		more, err := filepath.Glob(filepath.Join(parent, cgroupPrefix+id+"-*"))
		if err != nil {
			return err
		}
		for _, dir := range append(exact, more...) {
			if err := removeCgroup(dir); err != nil {
				return err
			}
		}
	}
	return nil
}

// removeCgroup kills what runs in a cgroup and removes it.
func removeCgroup(dir string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	for {
		err := errors.Join(killAll(dir), prune(dir))
		if _, errStat := os.Stat(dir); errors.Is(errStat, fs.ErrNotExist) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("remove the cgroup %s: %w", dir, err)
		case <-time.After(20 * time.Millisecond): // the kernel tells nobody when a cgroup is empty
		}
	}
}

// killAll sends SIGKILL to every process in dir and below.
func killAll(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() != "cgroup.procs" {
			return ignoreAbsence(err)
		}
		pids, err := os.ReadFile(path)
		for pid := range strings.Lines(string(pids)) {
			if n, errNumber := strconv.Atoi(strings.TrimSpace(pid)); errNumber == nil && n > 1 {
				_ = syscall.Kill(n, syscall.SIGKILL)
			}
		}
		return ignoreAbsence(err)
	})
}

// prune removes dir and what is below it, as far as they are empty.
func prune(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return ignoreAbsence(err)
	}
	for _, e := range entries {
		if e.IsDir() {
			err = errors.Join(err, prune(filepath.Join(dir, e.Name())))
		}
	}
	return errors.Join(err, ignoreAbsence(syscall.Rmdir(dir)))
}

// ignoreAbsence is err unless that says that something has gone meanwhile.
func ignoreAbsence(err error) error {
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENODEV) {
		return nil
	}
	return err
}
