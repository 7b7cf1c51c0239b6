package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"time"
)

// FindPgbench returns where pgbench is, from the newest PostgreSQL that the distribution installed or else from PATH.
func FindPgbench() (string, bool) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench") // the pattern is well formed
	more, _ := filepath.Glob("/usr/pgsql-*/bin/pgbench")
	if found = append(found, more...); len(found) > 0 {
		return found[len(found)-1], true
	}
	path, err := exec.LookPath("pgbench")
	return path, err == nil
}

// Pgbench runs the query through pgbench, prepared, over people drawn as for Ask, and returns transactions a second.
func (s *Scratch) Pgbench(ctx context.Context, program string, q Query, crowd Crowd, callers int, length time.Duration) (rate float64, err error) {
	text, fixed := q.script(crowd)
	file, err := os.CreateTemp("", "healthagent-bench-*.sql")
	if err != nil {
		return 0, fmt.Errorf("write pgbench's script: %w", err)
	}
	defer func() { _ = os.Remove(file.Name()) }()
	_, err = file.WriteString(text)
	if err = errors.Join(err, file.Close()); err != nil {
		return 0, fmt.Errorf("write pgbench's script: %w", err)
	}
	args := []string{
		"-M", "prepared", "-n", "-c", strconv.Itoa(callers), "-j", strconv.Itoa(min(callers, runtime.NumCPU())),
		"-f", file.Name(),
	}
	if seconds := int(length.Seconds()); seconds > 0 {
		args = append(args, "-T", strconv.Itoa(seconds))
	} else {
		args = append(args, "-t", "100") // it knows no shorter time than a second
	}
	for name, value := range fixed {
		args = append(args, "-D", name+"="+value)
	}
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // found by us
	cmd.Env = append(os.Environ(), s.libpq()...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("pgbench: %w: %s", err, lastLine(out))
	}
	tps := regexp.MustCompile(`(?m)^tps = ([0-9.]+)`).FindSubmatch(out)
	if tps == nil {
		return 0, errors.New("pgbench: no rate in its output")
	}
	return strconv.ParseFloat(string(tps[1]), 64)
}

// libpq is the way to the database as pgbench reads it from its environment: on its command line everybody could read the password.
func (s *Scratch) libpq() []string {
	c := s.config
	mode := "disable"
	if c.TLSConfig != nil {
		mode = "require"
	}
	return []string{
		"PGHOST=" + c.Host, "PGPORT=" + strconv.Itoa(int(c.Port)), "PGUSER=" + c.User, "PGPASSWORD=" + c.Password,
		"PGDATABASE=" + c.Database, "PGSSLMODE=" + mode, "PGAPPNAME=healthagent-bench",
		"PGOPTIONS=-c synchronous_commit=off", // as the pool
	}
}

func lastLine(out []byte) string {
	found := regexp.MustCompile(`[^\n]+\n?$`).Find(out)
	return string(found)
}
