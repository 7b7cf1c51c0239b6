package acts_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"healthagent/tui/source"
)

// TestOldReportsGo, and nothing else does.
func TestOldReportsGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := filepath.Join(w.dir, "reports")
	must(t, os.MkdirAll(dir, 0o700))
	write := func(name string) {
		t.Helper()
		must(t, os.WriteFile(filepath.Join(dir, name), []byte("x"), 0o600))
	}
	at := func(ago time.Duration, i int) string {
		return fmt.Sprintf("%s-drop-idx_%d-0a1b.txt", w.clock.Now().Add(-ago).UTC().Format("20060102T150405Z"), i)
	}
	mine := []string{"notes.txt", "20200101T000000Z-kept-by-me.md", "19990101-drop-x.txt"}
	for _, name := range mine {
		write(name)
	}
	for i := range 210 {
		write(at(time.Duration(i)*time.Hour, i))
	}
	write(at(91*24*time.Hour, 999))
	run := w.do(migration("017", source.Rollback))
	var names []string
	for _, path := range files(t, dir, "*") {
		names = append(names, filepath.Base(path))
	}
	if len(names) != 200+len(mine) || !slices.Contains(names, filepath.Base(run.Report)) || slices.Contains(names, at(209*time.Hour, 209)) || !slices.Contains(names, at(0, 0)) {
		t.Errorf("%d files are left; report %s", len(names), run.Report)
	}
	for _, name := range mine {
		if !slices.Contains(names, name) {
			t.Errorf("%s is gone", name)
		}
	}
	w.clock.forward(91 * 24 * time.Hour)
	again := w.do(*run.Undo)
	if left := files(t, dir, "2*Z-*.txt"); len(left) != 1 || left[0] != again.Report {
		t.Errorf("after three months there are %v", left)
	}
}
