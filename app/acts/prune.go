package acts

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"time"
)

// Reports are kept for so long, and at most so many.
const (
	reportTime = 90 * 24 * time.Hour
	reportMost = 200
	reportAt   = "20060102T150405Z" // how the name of a report begins
)

// prune removes the oldest reports, and nothing that has not the name of one. Where that fails it is logged.
func (r *Runner) prune(dir string) {
	entries, err := os.ReadDir(dir)
	var names []string
	for _, e := range entries {
		if isReport(e) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names) // the oldest first
	limit := r.cfg.Now().Add(-reportTime).UTC().Format(reportAt)
	for i, name := range names {
		if len(names)-i <= reportMost && name >= limit {
			break
		}
		if gone := os.Remove(filepath.Join(dir, name)); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	if err != nil {
		r.cfg.Logger.Warn("old reports cannot be removed", "dir", dir, "error", err)
	}
}

func isReport(e fs.DirEntry) bool {
	return e.Type().IsRegular() && regexp.MustCompile(`^\d{8}T\d{6}Z-[a-z]+-[A-Za-z0-9_.-]+\.txt$`).MatchString(e.Name())
}
