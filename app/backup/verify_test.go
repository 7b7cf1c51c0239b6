package backup_test

import (
	"os"
	"path/filepath"
	"testing"

	"healthagent/app/backup"
)

// What root is told to type brings a dump and what lies beside it to where the service reads it.
func TestBringIn(t *testing.T) {
	t.Parallel()
	from, dir := t.TempDir(), t.TempDir()
	for _, name := range []string{"anna's b.dump", "anna's b.dump.json"} {
		write(t, filepath.Join(from, name), name)
	}
	command, there := backup.BringIn(filepath.Join(from, "anna's b.dump"), dir)
	shell(t, command)
	for _, path := range []string{there, there + ".json"} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", path, err)
		}
	}
	command, again := backup.BringIn(there, dir)
	shell(t, command)
	if again != there {
		t.Errorf("%s is %s", there, again)
	}
}
