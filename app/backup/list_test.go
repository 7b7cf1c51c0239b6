package backup_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"healthagent/app/backup"
	"healthagent/store/dump"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// put writes a dump of a few bytes with its manifest, made at that time.
func put(t *testing.T, dir string, at time.Time, change func(m *dump.Manifest)) string {
	t.Helper()
	name := "healthagent-" + at.UTC().Format("20060102T150405Z") + ".dump"
	text := "dump of " + name
	m := dump.Manifest{Format: 1, File: name, Bytes: int64(len(text)), SHA256: "x", CreatedAt: at, Reason: "scheduled"}
	if change != nil {
		change(&m)
	}
	path := filepath.Join(dir, name)
	write(t, path, text)
	if err := m.Save(path); err != nil {
		t.Fatal(err)
	}
	write(t, path+".sha256", "x  "+name+"\n")
	return name
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func verified(at time.Time, ok bool) func(*dump.Manifest) {
	return func(m *dump.Manifest) { m.Verified = &dump.Outcome{At: at, OK: ok} }
}

func TestLookAtNothing(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "none")} {
		s, err := backup.Look(dir)
		if err != nil || s.Dir != dir || s.Dumps != 0 || s.Newest != nil || s.Verified != nil || s.Failed != nil || s.Copied != nil {
			t.Errorf("%+v, %v", s, err)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	write(t, file, "x")
	if s, err := backup.Look(file); err == nil {
		t.Errorf("a file is a directory: %+v", s)
	}
}

func TestLookAtWhatSomebodyElseLeft(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	day := 24 * time.Hour
	newest := put(t, dir, noon, nil)
	older := put(t, dir, noon.Add(-day), func(m *dump.Manifest) { m.Copied = &dump.Outcome{At: noon, OK: true} })
	cut := put(t, dir, noon.Add(day), func(m *dump.Manifest) { m.Bytes++ })
	garbage := put(t, dir, noon.Add(2*day), nil)
	write(t, filepath.Join(dir, garbage+".json"), "{garbage")
	alone := put(t, dir, noon.Add(3*day), nil)
	if err := os.Remove(filepath.Join(dir, alone+".json")); err != nil {
		t.Fatal(err)
	}
	gone := put(t, dir, noon.Add(4*day), nil)
	if err := os.Remove(filepath.Join(dir, gone)); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "healthagent-20270101T000000Z.dump.partial"), "x")
	write(t, filepath.Join(dir, ".work-healthagent-20270101T000000Z.dump"), "x")
	write(t, filepath.Join(dir, "holiday.jpg"), "x")
	write(t, filepath.Join(dir, ".lock"), "")
	if err := os.MkdirAll(filepath.Join(dir, "folder.dump"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/nowhere", filepath.Join(dir, "link.dump")); err != nil {
		t.Fatal(err)
	}

	s, err := backup.Look(dir)
	if err != nil {
		t.Fatal(err)
	}
	if s.Newest == nil || s.Newest.File != newest || s.Dumps != 2 || s.Copied == nil || s.Copied.File != older {
		t.Errorf("%+v", s)
	}
	told := ""
	for _, stray := range s.Strays {
		told += stray.Name + ": " + stray.Text + "\n"
	}
	for _, want := range []string{
		cut + ": it has 41 bytes, and its manifest says 42",
		garbage + ": its manifest cannot be read", alone + ": it has no manifest",
		alone + ".sha256", gone + ".json: its dump is missing", gone + ".sha256: its dump is missing",
		"T000000Z.dump.partial: it is not finished", ".work-healthagent-20270101T000000Z.dump: it is not finished",
		"holiday.jpg: it is no dump", "folder.dump: it is no file", "link.dump: it cannot be looked at",
	} {
		if strings.Contains(told, want) == (want == alone+".sha256") {
			t.Errorf("%q is told: %v, in\n%s", want, strings.Contains(told, want), told)
		}
	}
}

func TestLookFindsWhatWasTried(t *testing.T) {
	t.Parallel()
	hour := func(n int) time.Time { return noon.Add(time.Duration(n) * time.Hour) }
	tests := []struct {
		name             string
		tried            map[int]dump.Outcome // by the hour in which the dump was made
		verified, failed int                  // -1: none
	}{
		{"never", map[int]dump.Outcome{}, -1, -1},
		{"the older one, later", map[int]dump.Outcome{0: {At: hour(9), OK: true}, 2: {At: hour(8), OK: true}}, 0, -1},
		{"badly, and well before", map[int]dump.Outcome{0: {At: hour(7), OK: true}, 2: {At: hour(8)}}, 0, 2},
		{"badly, and well since", map[int]dump.Outcome{0: {At: hour(9), OK: true}, 2: {At: hour(8)}}, 0, -1},
		{"badly, well since, and another badly", map[int]dump.Outcome{0: {At: hour(9)}, 1: {At: hour(8), OK: true}, 2: {At: hour(7)}}, 1, 0},
		{"badly alone", map[int]dump.Outcome{1: {At: hour(8)}, 2: {At: hour(9)}}, -1, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for n := range 3 {
				put(t, dir, hour(n), func(m *dump.Manifest) {
					if o, ok := tt.tried[n]; ok {
						m.Verified = &o
					}
				})
			}
			s, err := backup.Look(dir)
			if err != nil {
				t.Fatal(err)
			}
			made := func(m *dump.Manifest) int {
				if m == nil {
					return -1
				}
				return int(m.CreatedAt.Sub(noon) / time.Hour)
			}
			if got := fmt.Sprint(made(s.Verified), made(s.Failed), made(s.Newest)); got != fmt.Sprint(tt.verified, tt.failed, 2) {
				t.Errorf("verified, failed and newest are %s", got)
			}
		})
	}
}

func TestADamagedDumpThatWasTriedIsTold(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, dir, noon, func(m *dump.Manifest) { m.Bytes = 7; verified(noon, false)(m) })
	s, err := backup.Look(dir)
	if err != nil || s.Failed == nil || s.Newest != nil {
		t.Errorf("%+v, %v", s, err)
	}
}
