package local

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// postmaster is what a cluster's lock file says about its server.
type postmaster struct {
	pid    int
	socket string // directory of its socket
	shmid  int    // its System V segment; -1 when not yet written
}

// readPostmaster reads the lock file; false when there is none that can be
// understood.
func readPostmaster(data string) (postmaster, bool) {
	text, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return postmaster{}, false
	}
	lines := strings.Split(string(text), "\n")
	pid, err := strconv.Atoi(strings.TrimSpace(lines[0]))
	if err != nil || pid <= 1 {
		return postmaster{}, false
	}
	pm := postmaster{pid: pid, shmid: -1}
	if len(lines) > 4 {
		pm.socket = strings.TrimSpace(lines[4])
	}
	if len(lines) > 6 {
		if f := strings.Fields(lines[6]); len(f) == 2 {
			if id, err := strconv.Atoi(f[1]); err == nil {
				pm.shmid = id
			}
		}
	}
	return pm, true
}

// clearStale removes a lock file whose process is another program by now, or
// a zombie that nobody reaps: PostgreSQL itself refuses to start over either.
// It stays when a process of the old server still holds its memory.
func clearStale(data string) error {
	pm, ok := readPostmaster(data)
	if !ok || alive(pm.pid, data) {
		return nil
	}
	if _, err := os.Stat("/proc/" + strconv.Itoa(pm.pid)); err != nil {
		return nil // plainly dead: PostgreSQL handles that, and better
	}
	if pm.shmid >= 0 && segmentInUse(pm.shmid) {
		return nil
	}
	return os.Remove(filepath.Join(data, "postmaster.pid"))
}

// segmentInUse tells whether any process is attached to a System V segment.
func segmentInUse(id int) bool {
	text, err := os.ReadFile("/proc/sysvipc/shm")
	if err != nil {
		return true // unknown: be careful
	}
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line) // key shmid perms size cpid lpid nattch ...
		if len(f) > 6 && f[1] == strconv.Itoa(id) {
			return f[6] != "0"
		}
	}
	return false
}
