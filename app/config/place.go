package config

import (
	"path/filepath"
	"slices"
	"strings"
)

const (
	rootStateDir  = "/var/lib/healthagent"
	serviceSocket = "/run/healthagent/admin.sock"
	socketFile    = "admin.sock"
	rootBackups   = "/var/backups/healthagent"
)

// defaultStateDir returns the state directory when none was named, and the rule that
// gave it; empty when no rule does.
func (l *loader) defaultStateDir() (path, rule string) {
	if path = firstPath(l.env["STATE_DIRECTORY"]); path != "" {
		return path, "($STATE_DIRECTORY)"
	}
	if l.options.Getuid() == 0 {
		return rootStateDir, "(root)"
	}
	// The XDG rules say that a relative path is to be ignored.
	if path = l.env["XDG_STATE_HOME"]; filepath.IsAbs(path) {
		return filepath.Join(path, "healthagent"), "($XDG_STATE_HOME)"
	}
	if path = l.env["HOME"]; filepath.IsAbs(path) {
		return filepath.Join(path, ".local", "state", "healthagent"), "($HOME)"
	}
	return "", ""
}

// defaultSocket returns the daemon's socket when none was named, and the rule. Where
// no rule of the table gives one (no runtime directory of any kind, as in a bare
// container), it lies in the state directory.
func (l *loader) defaultSocket() (path, rule string) {
	inState := filepath.Join(l.config.StateDir, socketFile)
	if l.stateSaid && l.config.StateDir != "" {
		return inState, "(" + stateDirName + ")"
	}
	if path = firstPath(l.env["RUNTIME_DIRECTORY"]); path != "" {
		return filepath.Join(path, socketFile), "($RUNTIME_DIRECTORY)"
	}
	if l.options.Getuid() == 0 {
		return serviceSocket, "(root)"
	}
	if path = l.env["XDG_RUNTIME_DIR"]; filepath.IsAbs(path) {
		return filepath.Join(path, "healthagent", socketFile), "($XDG_RUNTIME_DIR)"
	}
	if l.config.StateDir != "" {
		return inState, "(state directory)"
	}
	return "", ""
}

// defaultBackups returns the directory of the dumps when none was named, and the rule.
func (l *loader) defaultBackups() (path, rule string) {
	inState := filepath.Join(l.config.StateDir, "backups")
	switch {
	case l.stateSaid && l.config.StateDir != "":
		return inState, "(" + stateDirName + ")"
	case l.options.Getuid() == 0:
		return rootBackups, "(root)"
	case l.config.StateDir != "":
		return inState, "(state directory)"
	}
	return "", ""
}

// socketsToTry returns where a client looks, given how the daemon's place was found.
// Somebody who has named a place means that one; anybody else most likely means the
// installed service, before a daemon in the caller's own session.
func (l *loader) socketsToTry(source Source) []string {
	own := l.config.AdminSocket
	switch {
	case own == "":
		return nil
	case source.Origin != Default || l.stateSaid:
		return []string{own}
	case firstPath(l.env["RUNTIME_DIRECTORY"]) != "":
		return slices.Compact([]string{own, serviceSocket})
	default:
		return slices.Compact([]string{serviceSocket, own})
	}
}

// placeMissing reports a directory that nothing names, as for a user without a home.
func (l *loader) placeMissing(row Setting) bool {
	if row.Name != stateDirName {
		return false
	}
	l.problem(Problem{
		Setting: row.Name, Source: Source{}.String(), Example: row.Example,
		What: "cannot be told: this user has neither $XDG_STATE_HOME nor $HOME; name the directory",
	})
	return true
}

// firstPath returns the first of the colon-separated paths systemd passes.
func firstPath(list string) string {
	first, _, _ := strings.Cut(list, ":")
	return first
}
