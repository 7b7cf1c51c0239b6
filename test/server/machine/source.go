package machine

import (
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
)

// Suite is the code name of a Debian release.
type Suite string

// The releases that servers can be booted of.
const (
	Bookworm Suite = "bookworm" // Debian 12
	Trixie   Suite = "trixie"   // Debian 13
)

// Suites are all of them, oldest first.
func Suites() []Suite { return []Suite{Bookworm, Trixie} }

// sources are lines of sources.list for a suite: the archives that this
// machine's own apt uses for its Debian, whichever release that is.
func sources(ctx context.Context, suite Suite) ([]string, error) {
	out, err := exec.CommandContext(ctx, "apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages").Output()
	if err != nil {
		return nil, fmt.Errorf("ask apt for its sources: %w", err)
	}
	var lines []string
	for target := range strings.Lines(string(out)) {
		f := strings.Fields(target)
		if len(f) != 3 || f[2] != "main" {
			continue
		}
		name, part, cut := strings.Cut(f[1], "-")
		if !slices.Contains([]string{"bookworm", "trixie", "forky", "sid", "stable", "testing"}, name) {
			continue
		}
		release := string(suite)
		if cut {
			release += "-" + part
		}
		switch part {
		case "", "updates", "security":
			lines = append(lines, fmt.Sprintf("deb %s %s main", f[0], release))
		}
	}
	slices.Sort(lines)
	lines = slices.Compact(lines)
	if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasSuffix(l, " "+string(suite)+" main") }) {
		return nil, &Unable{"this machine's apt has no source of Debian to make servers from"}
	}
	return lines, nil
}

// proxies are apt's options for the way to its sources, if it has any.
func proxies(ctx context.Context) []string {
	out, err := exec.CommandContext(ctx, "apt-config", "dump", "--no-empty", "--format", "%f \"%v\";%n").Output()
	if err != nil {
		return nil
	}
	var options []string
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		if name, _, _ := strings.Cut(line, " "); strings.HasPrefix(name, "Acquire::http") && strings.Contains(name, "::Proxy") {
			options = append(options, line)
		}
	}
	return options
}
