// Package release holds the release archives to their word: complete, checked by their sums, and the same bytes from the same sources.
package release

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

const version = "v0.0.0-test"

// release runs make as a maintainer would, for this processor only, and returns where the archive lies.
func release(t *testing.T, umask string) string {
	t.Helper()
	dist := t.TempDir()
	command := exec.CommandContext(t.Context(), "sh", "-c", "umask "+umask+" && exec make -s -C ../.. release \"$@\"", "sh",
		"VERSION="+version, "RELEASE_ARCHS="+runtime.GOARCH, "DIST="+dist)
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("make release: %v\n%s", err, out)
	}
	return dist
}

func read(t *testing.T, path ...string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// unpacked is what the archive holds: by path below its only directory.
func unpacked(t *testing.T, archive []byte, top string) map[string][]byte {
	t.Helper()
	stream, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for reader := tar.NewReader(stream); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		name, inside := strings.CutPrefix(header.Name, top+"/")
		if !inside || header.Uid != 0 || header.Gid != 0 || header.Uname != "" || header.Gname != "" {
			t.Errorf("%s is of %d:%d (%s)", header.Name, header.Uid, header.Gid, header.Uname)
		}
		program := name == "healthagent" || name == "install.sh"
		if header.Typeflag != tar.TypeReg {
			continue
		}
		if want := map[bool]int64{true: 0o755, false: 0o644}[program]; header.Mode != want {
			t.Errorf("%s has mode %o", name, header.Mode)
		}
		if files[name], err = io.ReadAll(reader); err != nil {
			t.Fatal(err)
		}
	}
}

func sum(text []byte) string {
	s := sha256.Sum256(text)
	return hex.EncodeToString(s[:])
}

// sums reads a file of checksums.
func sums(t *testing.T, text []byte) map[string]string {
	t.Helper()
	out := map[string]string{}
	for line := range strings.Lines(string(text)) {
		hash, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok {
			t.Fatalf("%q is no line of checksums", line)
		}
		out[name] = hash
	}
	return out
}

func TestArchive(t *testing.T) {
	t.Parallel()
	top := "healthagent-" + version + "-linux-" + runtime.GOARCH
	name := top + ".tar.gz"
	first, second := release(t, "022"), release(t, "077")
	archive := read(t, first, name)
	if !bytes.Equal(archive, read(t, second, name)) {
		t.Error("a second run, under another umask, gave other bytes")
	}
	if got := sums(t, read(t, first, "SHA256SUMS")); len(got) != 1 || got[name] != sum(archive) {
		t.Errorf("the sums beside the archive are %v", got)
	}
	files := unpacked(t, archive, top)
	said := sums(t, files["SHA256SUMS"])
	for _, want := range []string{"healthagent", "install.sh", "LICENSE", "README.md", "CHANGELOG.md", "docs/operate.md"} {
		if said[want] == "" {
			t.Errorf("%s is not in the archive", want)
		}
	}
	for file, text := range files {
		if file != "SHA256SUMS" && said[file] != sum(text) {
			t.Errorf("the sum of %s is %s", file, said[file])
		}
	}
	if len(said) != len(files)-1 {
		t.Errorf("%d sums of %d files", len(said), len(files)-1)
	}
	checkLinks(t, files)
	program := filepath.Join(t.TempDir(), "healthagent")
	if err := os.WriteFile(program, files["healthagent"], 0o700); err != nil { //nolint:gosec // it is run
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), program, "version").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "healthagent "+version+" ") {
		t.Errorf("the program says %q, %v", out, err)
	}
}

// checkLinks follows what the pages of an archive link to: it has to be in the archive.
func checkLinks(t *testing.T, files map[string][]byte) {
	t.Helper()
	n := 0
	for name, text := range files {
		if filepath.Ext(name) != ".md" {
			continue
		}
		for _, link := range regexp.MustCompile(`\]\(([^)#\s]+)`).FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(link[1], "://") {
				continue
			}
			n++
			if _, there := files[filepath.Join(filepath.Dir(name), link[1])]; !there {
				t.Errorf("%s links to %s, which is not in the archive", name, link[1])
			}
		}
	}
	if n < 20 {
		t.Errorf("only %d links were found", n)
	}
}

func TestVersionIsNeeded(t *testing.T) {
	t.Parallel()
	for _, wrong := range []string{"", "v1 2", "$(id)", "../up"} {
		out, err := exec.CommandContext(t.Context(), "make", "-s", "-C", "../..", "release", "VERSION="+wrong, "DIST="+t.TempDir()).CombinedOutput()
		if err == nil || !strings.Contains(string(out), "say which version") {
			t.Errorf("VERSION=%q: %v\n%s", wrong, err, out)
		}
	}
}
