package dump_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"testing"

	"healthagent/store/dump"
	"healthagent/test/rig"
)

// The variables by which this test binary is made a process that restores and can be killed.
const (
	childURL  = "HEALTHAGENT_TEST_RESTORE_URL"
	childPath = "HEALTHAGENT_TEST_RESTORE_PATH"
)

func TestMain(m *testing.M) {
	if os.Getenv(childURL) != "" {
		os.Exit(child())
	}
	os.Exit(rig.Main(m))
}

// child restores, and before each step says so and waits for a line.
func child() int {
	m, err := dump.ReadManifest(os.Getenv(childPath))
	if err == nil {
		in := bufio.NewReader(os.Stdin)
		_, err = dump.Restore(context.Background(), dump.RestoreOptions{
			URL: os.Getenv(childURL), Path: os.Getenv(childPath), Manifest: &m,
			Step: func(text string) {
				fmt.Println(text)
				_, _ = in.ReadString('\n')
			},
		})
	}
	if err != nil {
		fmt.Println("error:", err)
		return 1
	}
	fmt.Println("done")
	return 0
}
