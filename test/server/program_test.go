package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"healthagent/test/server/machine"
)

// release is a healthagent to be installed: the checkout's, under a version, and changed where it says so.
type release struct {
	version string
	serve   string            // Go statements that run in place of the verb serve
	files   map[string]string // more files of the checkout, by path
}

// What a release does in place of the verb serve.
const (
	dies        = `os.Stderr.WriteString("this release has a fault\n"); os.Exit(1)`
	sleeps      = `time.Sleep(time.Hour)`
	diesChanged = `exec.Command("/proc/self/exe", "migrate", "up").Run(); ` + dies
)

// The releases of the scenarios. Nothing changes them.
var (
	first  = release{version: "1.0.0"}
	well   = release{version: "1.1.0"}                                // all is right
	dying  = release{version: "1.2.0", serve: dies}                   // exits at once, as with a fault in its start
	mute   = release{version: "1.3.0", serve: sleeps}                 // never says that it is ready
	broken = release{version: "1.4.0", files: migration("018_breaks", // has a migration that fails half way
		"-- healthagent: additive\nALTER TABLE users ADD COLUMN motto text;\nSELECT 1 / 0;\n", "ALTER TABLE users DROP COLUMN motto;\n")}
	doubled = release{version: "1.4.1", files: migration("018_one_per_role", // has an index that cannot be built over what people wrote
		"-- healthagent: no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY idx_conversation_history_role ON conversation_history (role);\n",
		"-- healthagent: no-transaction\nDROP INDEX CONCURRENTLY IF EXISTS idx_conversation_history_role;\n")}
	grown = release{version: "1.5.0", files: migration("018_motto", // has a migration that adds to the schema
		"ALTER TABLE users ADD COLUMN motto text;\n", "ALTER TABLE users DROP COLUMN motto;\n")}
	grownDying = release{version: "1.6.0", files: grown.files, serve: diesChanged}                  // adds to the schema, and exits
	indexDying = release{version: "1.7.0", serve: diesChanged, files: migration("018_more_indexes", // makes one more index, and exits
		"-- healthagent: no-transaction\nCREATE INDEX CONCURRENTLY idx_users_created_at ON users (created_at);\n",
		"-- healthagent: no-transaction\nDROP INDEX CONCURRENTLY IF EXISTS idx_users_created_at;\n")}
	risky = release{version: "1.8.0", files: migration("018_names", // has a migration that the release before would not bear
		"ALTER TABLE users ADD COLUMN motto text;\nUPDATE users SET motto = '';\n", "ALTER TABLE users DROP COLUMN motto;\n")}
	latest = release{version: "1.9.0", files: grown.files}
)

// migration are the two files of a migration.
func migration(name, up, down string) map[string]string {
	return map[string]string{"migrations/" + name + ".sql": up, "migrations/rollbacks/" + name + "_rollback.sql": down}
}

// programs are those that were built in this run, by version.
var programs = struct {
	sync.Mutex
	paths map[string]string
}{paths: map[string]string{}}

// program builds a release, once, and returns the path of the static binary.
func program(ctx context.Context, h *machine.Host, r release) (string, error) {
	programs.Lock()
	defer programs.Unlock()
	if place := programs.paths[r.version]; place != "" {
		return place, nil
	}
	dir := filepath.Join(h.Run(), "release-"+r.version)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	overlay, err := r.overlay(dir)
	if err != nil {
		return "", err
	}
	place := filepath.Join(dir, "healthagent")
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -X main.version="+r.version,
		"-overlay", overlay, "-o", place, ".") //nolint:gosec // our own words
	command.Dir = checkout()
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w: %s", r.version, err, out)
	}
	programs.paths[r.version] = place
	return place, nil
}

// overlay writes what the release changes into dir, and the file that tells Go of it.
func (r release) overlay(dir string) (string, error) {
	files := maps.Clone(r.files)
	if files == nil {
		files = map[string]string{}
	}
	if r.serve != "" {
		text, err := r.main()
		if err != nil {
			return "", err
		}
		files["main.go"] = text
	}
	replace := map[string]string{}
	for path, content := range files {
		place := filepath.Join(dir, strings.ReplaceAll(path, "/", "-"))
		if err := os.WriteFile(place, []byte(content), 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(checkout(), path)] = place
	}
	raw, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	place := filepath.Join(dir, "overlay.json")
	return place, os.WriteFile(place, raw, 0o600)
}

// main is the checkout's main.go with another verb serve.
func (r release) main() (string, error) {
	raw, err := os.ReadFile(filepath.Join(checkout(), "main.go"))
	if err != nil {
		return "", err
	}
	text := strings.Replace(string(raw), "func main() {\n",
		"func main() {\n\tif len(os.Args) > 1 && os.Args[1] == \"serve\" {\n\t\t"+r.serve+"\n\t}\n", 1)
	if text == string(raw) {
		return "", errors.New("main.go is not what it was")
	}
	for _, name := range []string{"time", "os/exec"} {
		if strings.Contains(r.serve, path.Base(name)+".") {
			text = strings.Replace(text, "import (\n", "import (\n\t\""+name+"\"\n", 1)
		}
	}
	return text, nil
}
