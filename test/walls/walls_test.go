// Package walls holds the rules about which room may know which: it reads what
// go list says of the whole module.
package walls

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "healthagent"

// pkg is what we read of go list -json.
type pkg struct {
	ImportPath string
	Dir        string
	Doc        string
	GoFiles    []string
	Imports    []string // without those of tests
}

func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,Doc,GoFiles,Imports", module+"/...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var all []pkg
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 5 {
		t.Fatalf("go list found %d packages", len(all))
	}
	return all
}

// room is the path inside the module, "" for main.
func (p pkg) room() string {
	return strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, module), "/")
}

// within tells whether path is the room or a part of it.
func within(path, room string) bool {
	return path == room || strings.HasPrefix(path, room+"/")
}

// The instruments know nothing of ours outside themselves, and nobody knows
// the rooms above him.
func TestNoArrowRunsBackUp(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		top, _, _ := strings.Cut(p.room(), "/")
		for _, imp := range p.Imports {
			if !within(imp, module) {
				continue
			}
			other := strings.TrimPrefix(strings.TrimPrefix(imp, module), "/")
			otherTop, _, _ := strings.Cut(other, "/")
			ok := top == otherTop
			switch top {
			case "":
				ok = otherTop == "app"
			case "app":
				// The verbs are the rim: they alone start the service and draw.
				rim := p.room() == "app/cli"
				ok = otherTop != "test" && (rim || other != "app" && (otherTop != "tui" || within(other, "tui/source")))
			case "test":
				ok = true
			}
			if !ok {
				t.Errorf("%s imports %s", p.ImportPath, imp)
			}
		}
	}
}

// Each outside library is known in few rooms. Tests may know more.
func TestLibrariesStayInTheirRooms(t *testing.T) {
	t.Parallel()
	known := map[string][]string{
		"github.com/jackc":         {"store", "migrations", "test/rig"},
		"github.com/redis":         {"store"},
		"github.com/go-telegram":   {"app/telegram"},
		"github.com/spf13":         {"app/cli"},
		"github.com/charmbracelet": {"tui"},
		"testing":                  {"test", "tui/internal/frame"}, // the latter is imported by tests only
	}
	for _, p := range packages(t) {
		for _, imp := range p.Imports {
			for library, rooms := range known {
				inRoom := func(room string) bool { return within(p.room(), room) }
				if within(imp, library) && !slices.ContainsFunc(rooms, inRoom) {
					t.Errorf("%s imports %s, which is for %s", p.ImportPath, imp, strings.Join(rooms, ", "))
				}
			}
		}
	}
}

// Rules are pure: the standard library without the outside world, and text.
func TestRulesArePure(t *testing.T) {
	t.Parallel()
	world := []string{"os", "net", "database/sql", "log", "syscall", "context", "math/rand"}
	for _, p := range packages(t) {
		if !slices.Contains([]string{"app/food", "app/remind", "app/progress"}, p.room()) {
			continue
		}
		for _, imp := range p.Imports {
			outside := strings.Contains(strings.Split(imp, "/")[0], ".") && !within(imp, "golang.org/x/text")
			worldly := slices.ContainsFunc(world, func(w string) bool { return within(imp, w) })
			if outside || worldly || within(imp, module) && !within(imp, p.ImportPath) {
				t.Errorf("%s imports %s", p.ImportPath, imp)
			}
		}
		inspect(t, p, func(n ast.Node) {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return
			}
			x, ok := sel.X.(*ast.Ident)
			if ok && x.Name == "time" && slices.Contains([]string{"Now", "Since", "Until", "Local", "After", "Tick"}, sel.Sel.Name) {
				t.Errorf("%s uses time.%s: the time is passed in", p.ImportPath, sel.Sel.Name)
			}
		})
	}
}

func TestHouseRules(t *testing.T) {
	t.Parallel()
	attics := []string{"util", "utils", "common", "helper", "helpers", "models", "misc", "pkg", "internal"}
	for _, p := range packages(t) {
		if len(p.GoFiles) > 0 && p.Doc == "" {
			t.Errorf("%s has no package comment", p.ImportPath)
		}
		for part := range strings.SplitSeq(p.room(), "/") {
			if p.room() == "tui/internal/frame" {
				break // inside a room the word is Go's own wall
			}
			if slices.Contains(attics, part) {
				t.Errorf("%s: a package is named for what it is about", p.ImportPath)
			}
		}
		inspect(t, p, func(n ast.Node) {
			f, ok := n.(*ast.FuncDecl)
			if ok && f.Recv == nil && f.Name.Name == "init" && p.room() != "app/early" {
				t.Errorf("%s has an init function", p.ImportPath)
			}
		})
	}
}

// inspect visits every node of the package's own files, tests aside.
func inspect(t *testing.T, p pkg, visit func(ast.Node)) {
	t.Helper()
	for _, name := range p.GoFiles {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			visit(n)
			return true
		})
	}
}

// Nothing but a test looks at frames as tests do.
func TestFramesAreLookedAtByTestsOnly(t *testing.T) {
	t.Parallel()
	for _, p := range packages(t) {
		if slices.Contains(p.Imports, module+"/tui/internal/frame") {
			t.Errorf("%s imports it", p.ImportPath)
		}
	}
}

// On the screen a goroutine that panics leaves the terminal raw: each is begun where it is guarded.
func TestGoroutinesOfTheScreenAreGuarded(t *testing.T) {
	t.Parallel()
	guarded := map[string]string{"tui": "guard.go", "tui/source": "relay.go"}
	begun := 0
	for _, p := range packages(t) {
		if !within(p.room(), "tui") || within(p.room(), "tui/source/fixture") {
			continue
		}
		for _, name := range p.GoFiles {
			inspect(t, pkg{Dir: p.Dir, GoFiles: []string{name}}, func(n ast.Node) {
				if _, is := n.(*ast.GoStmt); !is {
					return
				}
				if begun++; guarded[p.room()] != name {
					t.Errorf("%s/%s begins a goroutine without a guard", p.ImportPath, name)
				}
			})
		}
	}
	if begun < 2 {
		t.Errorf("only %d goroutines were found", begun)
	}
}
