package machine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Snapshot is every file of a server, by path, with what is known of it: kind,
// mode, owner, target of a link, and in /etc the sum of the content.
type Snapshot map[string]string

// list prints a line for every file on the root's own file system. A running PostgreSQL makes and removes files meanwhile.
const list = `set -eu
find / -ignore_readdir_race -xdev -path /tmp -prune -o -path /run -prune -o -printf '%p\t%y %m %u:%g %l\n'
find /etc -ignore_readdir_race -xdev -type f -exec sha256sum {} + | sed 's/^\([0-9a-f]*\)  \(.*\)$/\2\t\1/'
`

// Snapshot looks at all files, without those of volatile file systems.
func (m *Machine) Snapshot(ctx context.Context) (Snapshot, error) {
	r, err := m.Run(ctx, "sh", "-c", list)
	if err != nil {
		return nil, err
	}
	s := Snapshot{}
	for line := range strings.Lines(r.Out) {
		if path, text, found := strings.Cut(strings.TrimSuffix(line, "\n"), "\t"); found {
			s[path] = strings.TrimSpace(s[path] + " " + text)
		}
	}
	if len(s) < 1000 {
		return nil, fmt.Errorf("only %d files were found", len(s))
	}
	return s, nil
}

// Changes lists what differs in a later snapshot, sorted: one line per path, led
// by +, - or ~. What lies in or under one of the paths that are ignored, does not
// count.
func (s Snapshot) Changes(later Snapshot, ignored ...string) []string {
	paths := maps.Clone(s)
	maps.Copy(paths, later)
	var changes []string
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		if slices.ContainsFunc(ignored, func(i string) bool { return path == i || strings.HasPrefix(path, i+"/") }) {
			continue
		}
		was, had := s[path]
		is, has := later[path]
		switch {
		case !had:
			changes = append(changes, fmt.Sprintf("+ %s (%s)", path, is))
		case !has:
			changes = append(changes, fmt.Sprintf("- %s (%s)", path, was))
		case was != is:
			changes = append(changes, fmt.Sprintf("~ %s (%s, was %s)", path, is, was))
		}
	}
	return changes
}
