package dump

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"healthagent/store/local"
)

// clients is an installed pair of pg_dump and pg_restore.
type clients struct {
	dir   string
	major int
}

// findClients looks for a pair of at least that major version, the oldest of them, since what it writes can be read by the most servers:
// in binDir alone when it is given. It is never Debian's wrapper in /usr/bin, which chooses a version by settings of its own. The error
// is a *local.MissingError, which names the package.
func findClients(ctx context.Context, binDir string, atLeast int) (clients, error) {
	found := local.Programs(ctx, binDir, "pg_dump", "pg_restore") // newest first
	best := clients{}
	for _, p := range found {
		if p.Major >= atLeast {
			best = clients{dir: p.Dir, major: p.Major}
		}
	}
	if best.dir != "" {
		return best, nil
	}
	missing := &local.MissingError{
		Server: "pg_dump of PostgreSQL " + strconv.Itoa(atLeast) + " or newer",
		Debian: "postgresql-client-" + strconv.Itoa(atLeast), Fedora: "postgresql", Arch: "postgresql",
	}
	if binDir != "" {
		missing.Note = "looked in " + binDir
	}
	if len(found) > 0 {
		notes := make([]string, len(found))
		for i, p := range found {
			notes[i] = fmt.Sprintf("%d in %s", p.Major, p.Dir)
		}
		missing.Note = "found " + strings.Join(notes, ", ")
	}
	return clients{}, missing
}
