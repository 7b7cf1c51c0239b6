package acts

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// generations bounds how far up the tree of processes an address is looked for: sudo and shells stand in between.
const generations = 12

// Origin is from where a process is used: the address of its SSH client, else its terminal, else nothing. What the login manager does not
// know is what the process says of itself, and is worth no more.
func Origin(pid int) string {
	if cgroup, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", pid)); err == nil {
		if address := RemoteHost(cgroup, "/run/systemd/sessions"); address != "" {
			return address
		}
	}
	terminal := ""
	for range generations {
		if pid <= 1 {
			break
		}
		if address := sshClient(pid); address != "" {
			return address
		}
		parent, tty := statOf(pid)
		if terminal == "" {
			terminal = tty
		}
		pid = parent
	}
	return terminal
}

// RemoteHost is the address from where the login session of a process was opened, by its control group and the login manager's files,
// which everybody may read: a service that does not run as root sees nobody's environment. It is empty without such a session.
func RemoteHost(cgroup []byte, dir string) string {
	_, rest, found := bytes.Cut(cgroup, []byte("/session-"))
	id, _, scope := bytes.Cut(rest, []byte(".scope"))
	if !found || !scope || len(id) == 0 || len(id) > 20 || len(bytes.Trim(id, "c0123456789")) > 0 {
		return ""
	}
	raw, err := os.ReadFile(filepath.Join(dir, string(id)))
	if err != nil {
		return ""
	}
	for line := range bytes.Lines(raw) {
		if host, ok := bytes.CutPrefix(line, []byte("REMOTE_HOST=")); ok {
			if address, err := netip.ParseAddr(string(bytes.TrimSpace(host))); err == nil { // it may be a name, which somebody else gave
				return address.String()
			}
		}
	}
	return ""
}

// sshClient reads the client's address from the environment of a process, which only its user and root may read.
func sshClient(pid int) string {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		return ""
	}
	for setting := range bytes.SplitSeq(raw, []byte{0}) {
		name, value, _ := strings.Cut(string(setting), "=")
		if name != "SSH_CLIENT" && name != "SSH_CONNECTION" {
			continue
		}
		text, _, _ := strings.Cut(value, " ")
		if address, err := netip.ParseAddr(text); err == nil { // somebody may have put anything there
			return address.String()
		}
	}
	return ""
}

// Numbers of the devices of terminals.
const (
	ttyMajor = 4
	ptsFirst = 136
	ptsLast  = 143
)

// statOf reads the parent and the terminal of a process.
func statOf(pid int) (parent int, terminal string) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, ""
	}
	// the name of the program stands in parentheses and may hold anything
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	if len(fields) < 5 {
		return 0, ""
	}
	parent, _ = strconv.Atoi(fields[1])  // 0 ends the search
	device, _ := strconv.Atoi(fields[4]) // 0: it has none
	major, minor := device>>8&0xfff, device&0xff|device>>12&0xfff00
	switch {
	case major == ttyMajor && minor > 0 && minor < 64:
		return parent, fmt.Sprintf("tty%d", minor)
	case major >= ptsFirst && major <= ptsLast:
		return parent, fmt.Sprintf("pts/%d", minor+256*(major-ptsFirst))
	default:
		return parent, ""
	}
}
