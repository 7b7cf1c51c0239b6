package terminal

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	// what go test remembers of this package is void when the program is another
	_ "healthagent/app/cli"
	_ "healthagent/app/early"
)

// TestMain builds the program with its real main: what happens before main is part of what is tested.
func TestMain(m *testing.M) {
	if _, err := os.ReadFile("../../main.go"); err != nil { // likewise
		panic(err)
	}
	dir, err := os.MkdirTemp("", "healthagent-terminal-")
	if err != nil {
		panic(err)
	}
	code := 1
	if out, err := exec.Command("go", "build", "-o", filepath.Join(dir, "healthagent"), "healthagent").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
	} else if err = os.Setenv(binary, filepath.Join(dir, "healthagent")); err == nil {
		code = m.Run()
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// binary is the variable that tells the tests where the program is.
const binary = "HEALTHAGENT_TERMINAL_TEST_BINARY"
