package backup_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"healthagent/app/backup"
	"healthagent/app/fault"
	"healthagent/test/rig"
)

// TestRunWaitsForWhoeverIsAtWork holds for a scheduled dump: that somebody was quicker is nothing that an administrator has to be told.
func TestRunWaitsForWhoeverIsAtWork(t *testing.T) {
	t.Parallel()
	o := options(rig.Postgres(t), t.TempDir())
	first, _ := open(t, o.Dir)
	o.Wait = time.Millisecond
	if _, err := backup.Run(t.Context(), o); fault.KindOf(err) != fault.Conflict {
		t.Fatalf("too short a wait: %v", err)
	}
	o.Wait = time.Hour
	var once sync.Once
	told := ""
	o.Tell = func(text string) {
		once.Do(func() {
			told = text
			if err := first.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	result, err := backup.Run(t.Context(), o)
	if err != nil || result.File == "" {
		t.Fatalf("%+v, %v", result, err)
	}
	if !strings.HasPrefix(told, "somebody is at work in "+o.Dir+": waiting for process ") {
		t.Errorf("told %q", told)
	}
}

// TestWhatToDoAboutADirectoryOfAnothers runs as a user who may not write there.
func TestWhatToDoAboutADirectoryOfAnothers(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("only root can become another user")
	}
	const nobody = 65534
	self, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	place, err := os.MkdirTemp("", "theirs") // those of the test itself are closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(place) })
	program, roots, theirs := filepath.Join(place, "opens"), filepath.Join(place, "root's"), filepath.Join(place, "their \"$HOME\"'s")
	if err := errors.Join(os.Chmod(place, 0o755), os.WriteFile(program, self, 0o755), os.Mkdir(roots, 0o700), os.Mkdir(theirs, 0o700)); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(theirs, ".lock"), "")
	if err := os.Chown(theirs, nobody, nobody); err != nil {
		t.Fatal(err)
	}
	for dir, command := range map[string]string{
		roots:  "as root: install -d -m 700 -o 65534 -g 65534 " + fault.Word(roots),
		theirs: "as root: chown -h 65534:65534 " + fault.Word(filepath.Join(theirs, ".lock")),
	} {
		opens := func() string {
			cmd := exec.Command(program)
			cmd.Env = append(os.Environ(), childOpens+"="+dir)
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
			out, _ := cmd.CombinedOutput()
			return strings.TrimSpace(string(out))
		}
		if said := opens(); !strings.Contains(said, command) {
			t.Errorf("no %q in %q", command, said)
		}
		_, todo, _ := strings.Cut(command, "as root: ")
		shell(t, todo)
		if said := opens(); said != "<nil>" {
			t.Errorf("after %s: %s", todo, said)
		}
	}
}

func TestTheServiceIsAllowedIntoAnyPlace(t *testing.T) {
	t.Parallel()
	for path, word := range map[string]string{"/mnt/dumps": "/mnt/dumps", `/mnt/a b%"c`: `'"/mnt/a b%%\"c"'`, "/mnt/it's": `'"/mnt/it'\''s"'`} {
		if command := backup.AllowCommand(path); !strings.Contains(command, `ReadWritePaths=%s\n' `+word+` > `) {
			t.Errorf("no %s in %s", word, command)
		}
	}
}

// shell does what an operator would paste.
func shell(t *testing.T, command string) {
	t.Helper()
	if out, err := exec.Command("sh", "-c", command).CombinedOutput(); err != nil {
		t.Errorf("%s: %v: %s", command, err, out)
	}
}
