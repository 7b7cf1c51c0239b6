package backup_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"healthagent/app/backup"
	"healthagent/app/fault"
	"healthagent/store/dump"
)

func open(t *testing.T, dir string) (*backup.Directory, string) {
	t.Helper()
	var told []string
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o700); err != nil { //nolint:gosec // a directory
		t.Fatal(err)
	}
	d, err := backup.Open(dir, noon, func(text string) { told = append(told, text) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d, strings.Join(told, "\n")
}

func mode(t *testing.T, path string) os.FileMode {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Mode().Perm()
}

func TestOneAtATime(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made", "here")
	first, err := backup.Open(dir, noon, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := mode(t, dir); got != 0o700 {
		t.Errorf("the mode is %v", got)
	}
	_, err = backup.Open(dir, noon, nil)
	if fault.KindOf(err) != fault.Conflict || fault.Exit(err) != 1 {
		t.Fatalf("a second one: %v", err)
	}
	if want := fmt.Sprintf("process %d, which begins since 2026-11-25T12:00:00Z", os.Getpid()); !strings.Contains(err.Error(), want) {
		t.Errorf("%q does not say %q", err, want)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, dir)
}

func TestOthersMayNotLookIn(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		mode    os.FileMode
		foreign bool // somebody else's file is in it
		refused bool
		becomes os.FileMode
	}{
		{0o755, true, true, 0o755},
		{0o701, true, true, 0o701},
		{0o770, true, true, 0o770},
		{0o750, true, false, 0o750}, // a group that may look is there on purpose
		{0o755, false, false, 0o700},
		{0o777, false, false, 0o700},
	} {
		dir := t.TempDir()
		put(t, dir, noon, nil)
		if tt.foreign {
			write(t, filepath.Join(dir, "x"), "")
		}
		if err := os.Chmod(dir, tt.mode); err != nil {
			t.Fatal(err)
		}
		told := ""
		d, err := backup.Open(dir, noon, func(text string) { told += text })
		if (err != nil) != tt.refused || mode(t, dir) != tt.becomes {
			t.Errorf("%v: %v, and is %v", tt.mode, err, mode(t, dir))
		}
		if tt.refused {
			if fault.KindOf(err) != fault.Refused || !strings.Contains(err.Error(), "chmod 700 "+dir) {
				t.Errorf("%v: %v", tt.mode, err)
			}
			continue
		}
		if (told != "") != (tt.becomes != tt.mode) {
			t.Errorf("%v: told %q", tt.mode, told)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestADirectoryThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"/proc/healthagent", "/dev/null/x", readOnly(t)} {
		if dir == "" {
			continue
		}
		_, err := backup.Open(dir, noon, nil)
		if fault.KindOf(err) != fault.Refused || fault.Exit(err) != 1 {
			t.Errorf("%s: %v", dir, err)
		}
		if errors.Is(err, syscall.EROFS) && !strings.Contains(err.Error(), `ReadWritePaths=%s\n' `+dir+" > /etc/systemd/system/healthagent-backup.service.d/") {
			t.Errorf("%s: %v", dir, err)
		}
	}
	if _, err := backup.Open("", noon, nil); fault.KindOf(err) != fault.Config {
		t.Errorf("no directory: %v", err)
	}
}

// readOnly is a directory on a disk that cannot be written to, empty where this user cannot have one.
func readOnly(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if os.Getuid() != 0 {
		if err := os.Chmod(dir, 0o500); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	return mount(t, dir, "mode=0700", syscall.MS_RDONLY)
}

// mount mounts a disk in memory, and returns an empty string where that is not allowed.
func mount(t *testing.T, dir, options string, flags uintptr) string {
	t.Helper()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", flags, options); err != nil {
		t.Logf("nothing can be mounted here: %v", err)
		return ""
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// TestWhatDeadProcessesLeft holds for a process that died while it dumped, while it put a dump into its place, and while it removed one.
func TestWhatDeadProcessesLeft(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	whole := put(t, dir, noon, nil)
	half := put(t, dir, noon.Add(time.Hour), nil)
	if err := os.Rename(filepath.Join(dir, half), filepath.Join(dir, ".work-"+half)); err != nil {
		t.Fatal(err)
	}
	foreign := []string{"other.partial", ".work-of-mine", "healthagent-19990101T000000Z.dump"}
	for _, name := range append(foreign, ".work-healthagent-x.dump.partial", whole+".json.partial", ".work-"+whole) {
		write(t, filepath.Join(dir, name), "x")
	}
	_, told := open(t, dir)
	want := append([]string{".lock", whole, whole + ".json", whole + ".sha256"}, foreign...)
	slices.Sort(want)
	if got := names(t, dir); !slices.Equal(got, want) {
		t.Errorf("left\n%q, want\n%q", got, want)
	}
	if n := strings.Count(told, "removed what an interrupted backup left: "); n != 4 {
		t.Errorf("told %d times:\n%s", n, told)
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for n := range 3 {
		put(t, dir, noon.Add(time.Duration(n)*time.Hour), nil)
	}
	l, err := backup.List(dir)
	if err != nil {
		t.Fatal(err)
	}
	d, _ := open(t, dir)
	if err := d.Remove(l.Dumps[1:]); err != nil {
		t.Fatal(err)
	}
	newest := l.Dumps[0].File
	if got, want := names(t, dir), []string{".lock", newest, newest + ".json", newest + ".sha256"}; !slices.Equal(got, want) {
		t.Errorf("left %q", got)
	}
}

func TestADumpFromElsewhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	whole := put(t, dir, noon, nil)
	cut := put(t, dir, noon.Add(time.Hour), func(m *dump.Manifest) { m.Bytes++ })
	write(t, filepath.Join(dir, "alone.dump"), "x")
	write(t, filepath.Join(dir, "garbage.dump"), "x")
	write(t, filepath.Join(dir, "garbage.dump.json"), "{")
	for name, kind := range map[string]fault.Kind{"none.dump": fault.NotFound, "alone.dump": fault.Invalid, "garbage.dump": fault.Invalid, ".": fault.Invalid} {
		if _, err := backup.At(filepath.Join(dir, name)); fault.KindOf(err) != kind {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, isWhole := range map[string]bool{whole: true, cut: false} {
		if d, err := backup.At(filepath.Join(dir, name)); err != nil || d.Whole != isWhole || d.Bad() == isWhole {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
}
