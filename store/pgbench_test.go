package store_test

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"healthagent/store"
)

const benchPeople = 1000

// crowd is 1000 people with 100 messages of about 200 bytes each, as they are after a vacuum.
func crowd(b *testing.B) *world {
	b.Helper()
	w := newWorld(b)
	w.exec(`INSERT INTO users (telegram_id) SELECT generate_series(1, $1::int)`, benchPeople)
	w.exec(`INSERT INTO conversation_history (user_id, role, content, metadata, "timestamp")
		SELECT n, CASE WHEN i % 2 = 0 THEN 'user' ELSE 'assistant' END, rpad(md5((n * i)::text), 160 + i % 80, md5(i::text)),
		       CASE WHEN i % 10 = 0 THEN '{"asked": {"kind": "zone"}}'::jsonb END, '2026-01-01'::timestamptz + i * interval '1 hour'
		FROM generate_series(1, 100) AS i, generate_series(1, $1::int) AS n`, benchPeople)
	w.vacuum("conversation_history")
	return w
}

// pgbench runs the statement of the window by PostgreSQL's own client in C and returns its rate.
func (w *world) pgbench(b *testing.B, seconds, connections int) float64 {
	b.Helper()
	program, err := exec.LookPath("pgbench")
	if err != nil {
		found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pgbench")
		if len(found) == 0 {
			b.Skip("there is no pgbench")
		}
		program = found[len(found)-1]
	}
	script := filepath.Join(b.TempDir(), "window.sql")
	sql := strings.NewReplacer("$1", ":person", "$2", ":size").Replace(strings.Join(strings.Fields(store.ConversationSQL), " "))
	text := fmt.Sprintf("\\set person random(1, %d)\n\\set size %d\n%s;\n", benchPeople, store.WindowSize, sql)
	must(b, os.WriteFile(script, []byte(text), 0o600))
	out, err := exec.CommandContext(b.Context(), program, "-M", "prepared", "-n", "-c", strconv.Itoa(connections), "-j",
		strconv.Itoa(min(2, connections)), "-T", strconv.Itoa(seconds), "-f", script, w.url).CombinedOutput()
	must(b, err)
	m := regexp.MustCompile(`tps = ([0-9.]+)`).FindSubmatch(out)
	if m == nil || !bytes.Contains(out, []byte("number of failed transactions: 0")) {
		b.Fatalf("%s", out)
	}
	rate, err := strconv.ParseFloat(string(m[1]), 64)
	must(b, err)
	return rate
}

// rate lets so many goroutines read windows of random people for a while.
func rate(b *testing.B, seconds, connections int, read func(ctx context.Context, person int64) error) float64 {
	b.Helper()
	var wg sync.WaitGroup
	var done atomic.Int64
	over := time.Now().Add(time.Duration(seconds) * time.Second)
	for range connections {
		wg.Go(func() {
			n := int64(0)
			for ; time.Now().Before(over); n++ {
				if err := read(b.Context(), 1+rand.Int64N(benchPeople)); err != nil {
					b.Error(err)
					return
				}
			}
			done.Add(n)
		})
	}
	wg.Wait()
	return float64(done.Load()) / float64(seconds)
}

// BenchmarkWindowAgainstPgbench compares the rates of one run: an iteration gives each of the three its seconds, one after another.
// The ratios are what counts.
func BenchmarkWindowAgainstPgbench(b *testing.B) {
	const seconds = 2
	w := crowd(b)
	for _, connections := range []int{1, 9} {
		b.Run(fmt.Sprint("connections=", connections), func(b *testing.B) {
			s := w.open(func(c *store.Config) { c.PoolMin, c.PoolMax = connections, connections })
			var typed, bytes, pgbench, rounds float64
			for b.Loop() {
				pgbench += w.pgbench(b, seconds, connections)
				typed += rate(b, seconds, connections, func(ctx context.Context, person int64) error {
					window, err := s.ReadWindow(ctx, person)
					if err == nil && len(window) != store.WindowSize {
						err = fmt.Errorf("%d messages", len(window))
					}
					return err
				})
				bytes += rate(b, seconds, connections, func(ctx context.Context, person int64) error {
					raw, err := s.ReadWindowBytes(ctx, person)
					if err == nil && len(raw) < store.WindowSize*160 {
						err = fmt.Errorf("%d bytes", len(raw))
					}
					return err
				})
				rounds++
			}
			b.ReportMetric(pgbench/rounds, "pgbench/s")
			b.ReportMetric(typed/rounds, "typed/s")
			b.ReportMetric(bytes/rounds, "bytes/s")
			b.ReportMetric(typed/pgbench, "typed-ratio")
			b.ReportMetric(bytes/pgbench, "bytes-ratio")
		})
	}
}
