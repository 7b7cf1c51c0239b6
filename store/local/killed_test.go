package local_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"healthagent/store/local"
)

// asProgram names the environment variable that turns the test binary into a
// program which starts both servers in the directory named there, and is
// killed by the test.
const asProgram = "HEALTHAGENT_LOCAL_TEST_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(asProgram); dir != "" {
		os.Exit(program(dir))
	}
	os.Exit(m.Run())
}

func program(dir string) int {
	p, err := local.StartPostgres(context.Background(), local.Options{Dir: dir, BinDir: postgresBin(), Fast: true})
	if err == nil {
		var r *local.Redis
		if r, err = local.StartRedis(context.Background(), local.Options{Dir: dir, Fast: true}); err == nil {
			fmt.Println(p.PID(), r.PID())
		}
	}
	if err != nil {
		fmt.Println(err)
		return 1
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // until the test is gone too
	return 0
}

// The servers outlive a killed program, and the next one takes them over.
func TestAttachAfterOurOwnDeath(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asProgram+"="+dir)
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if errKill := cmd.Process.Kill(); err != nil || errKill != nil {
		t.Fatal(err, errKill)
	}
	_ = cmd.Wait() // killed
	p, r := startPostgres(t, local.Options{Dir: dir}), startRedis(t, local.Options{Dir: dir})
	if got := fmt.Sprint(p.PID(), r.PID()); got != strings.TrimSpace(line) {
		t.Fatalf("servers %s, before the kill %s", got, line)
	}
	closeServer(t, p)
	closeServer(t, r)
	if p.PID() != 0 || r.PID() != 0 {
		t.Fatal("the share of the killed program keeps the servers up")
	}
}

// A temporary directory whose program was killed goes away with its servers.
func TestTempIsSweptAfterAKill(t *testing.T) {
	t.Parallel()
	const prefix = "healthagent-sweeptest"
	mine, err := local.NewTemp(deadline(t), prefix)
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Remove(context.Background()) //nolint:errcheck // checked below by a second one
	p, err := local.StartPostgres(deadline(t), local.Options{Dir: mine.Path, BinDir: postgresBin(), Fast: true})
	if err != nil {
		t.Fatal(err)
	}
	path := mine.Path
	again, err := local.NewTemp(deadline(t), prefix)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil || p.PID() == 0 {
		t.Fatalf("a directory in use was swept: %v", err)
	}
	if err := again.Remove(deadline(t)); err != nil {
		t.Fatal(err)
	}
	local.Abandon(mine)
	pid := p.PID()
	last, err := local.NewTemp(deadline(t), prefix)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) || p.PID() != 0 {
		t.Fatalf("abandoned directory %s and server %d are still there: %v", path, pid, err)
	}
	if err := last.Remove(deadline(t)); err != nil {
		t.Fatal(err)
	}
}

// Programs that start at the same moment sweep around each other.
func TestTempsDoNotSweepEachOther(t *testing.T) {
	t.Parallel()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 40 {
				tmp, err := local.NewTemp(deadline(t), "healthagent-crowdtest")
				if err == nil {
					err = os.WriteFile(filepath.Join(tmp.Path, "file"), nil, 0o600)
				}
				if err == nil {
					err = tmp.Remove(deadline(t))
				}
				if err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
}
