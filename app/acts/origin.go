package acts

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
)

// generations bounds how far up the tree of processes an address is looked for: sudo and shells stand in between.
const generations = 12

// Origin is from where a process is used: the address of its SSH client, else its terminal, else nothing. It is what the process says of
// itself and is worth no more.
func Origin(pid int) string {
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
