package local

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Abandon drops the lock on t as the death of its program would.
func Abandon(t *Temp) { _ = t.lock.Close() }

func TestExplainNamesTheClosedDirectory(t *testing.T) {
	t.Parallel()
	open := t.TempDir()
	shut := filepath.Join(open, "shut")
	deep := filepath.Join(shut, "state", "postgres")
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	// testing makes both of these, and closes them to others.
	for _, dir := range []string{filepath.Dir(open), open} {
		if err := os.Chmod(dir, 0o711); err != nil {
			t.Fatal(err)
		}
	}
	stranger := account{uid: os.Geteuid() + 54321, gid: os.Getegid() + 54321, name: "stranger"}
	err := stranger.explain(syscall.EACCES, deep)
	if !errors.Is(err, syscall.EACCES) || !strings.Contains(err.Error(), "chmod o+x "+shut) {
		t.Errorf("%v", err)
	}
	if err := stranger.explain(syscall.ENOENT, deep); !errors.Is(err, syscall.ENOENT) || strings.Contains(err.Error(), "chmod") {
		t.Errorf("%v", err)
	}
	me := account{uid: os.Geteuid(), gid: os.Getegid()}
	if dir := me.barrier(deep); dir != "" {
		t.Errorf("closed to ourselves: %s", dir)
	}
}

func TestPrivateDirRefusesASquatter(t *testing.T) {
	t.Parallel()
	me := account{uid: os.Geteuid(), gid: os.Getegid(), name: "me"}
	base := t.TempDir()
	wide := filepath.Join(base, "wide")
	if err := os.Mkdir(wide, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := privateDir(wide, me); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(wide); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	link := filepath.Join(base, "link")
	if err := os.Symlink(wide, link); err != nil {
		t.Fatal(err)
	}
	if err := privateDir(link, me); err == nil {
		t.Error("a symbolic link was accepted")
	}
	victim := account{uid: os.Geteuid() + 1, name: "victim"}
	if os.Geteuid() != 0 { // root may hand a directory over
		if err := privateDir(wide, victim); err == nil {
			t.Error("somebody else's directory was accepted")
		}
		return
	}
	if err := os.Chown(wide, 4242, 4242); err != nil {
		t.Fatal(err)
	}
	if err := privateDir(wide, victim); err == nil {
		t.Error("somebody else's directory was accepted")
	}
}

func TestRenderConf(t *testing.T) {
	t.Parallel()
	text, err := renderConf(map[string]string{"b": `it's`, "a.c_1": `x\y`})
	if err != nil || !strings.HasSuffix(text, "a.c_1 = 'x\\\\y'\nb = 'it''s'\n") {
		t.Errorf("%q %v", text, err)
	}
	for _, bad := range []map[string]string{{"a": "1\nfsync=off"}, {"a = 1\nb": "1"}, {"": "1"}} {
		if text, err := renderConf(bad); err == nil {
			t.Errorf("accepted: %q", text)
		}
	}
}

func TestFallbackSocketDirIsStable(t *testing.T) {
	t.Parallel()
	me := account{uid: os.Geteuid(), gid: os.Getegid(), name: "me"}
	long := "/" + strings.Repeat("x", 120)
	first, err := socketDir(long, pgSocket, me)
	if err != nil {
		t.Fatal(err)
	}
	defer os.Remove(first) //nolint:errcheck // empty
	second, err := socketDir(long, pgSocket, me)
	if err != nil || first != second || len(first)+1+len(pgSocket) > maxSocketPath {
		t.Errorf("%q %q %v", first, second, err)
	}
}
