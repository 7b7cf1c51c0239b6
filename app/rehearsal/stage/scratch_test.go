package stage

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

func cpu() (busy, all float64) {
	raw, _ := os.ReadFile("/proc/stat")
	f := strings.Fields(strings.SplitN(string(raw), "\n", 2)[0])[1:]
	for i, s := range f {
		v, _ := strconv.ParseFloat(s, 64)
		all += v
		if i != 3 && i != 4 {
			busy += v
		}
	}
	return
}

func TestScratch(t *testing.T) {
	readers, _ := strconv.Atoi(os.Getenv("SCRATCH_READERS"))
	messages, _ := strconv.Atoi(os.Getenv("SCRATCH_MESSAGES"))
	ctx := context.Background()
	s, err := New(ctx, Options{Executable: os.Getenv("SCRATCH_EXE"), Redis: true, Limits: true, Readers: readers, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	tell := func(f string, a ...any) { fmt.Printf(f+"\n", a...) }
	if err := s.prepare(ctx, DemoOptions{People: 20, Messages: messages, Seed: 1, Out: io.Discard}, tell); err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		if _, err := s.Run(ctx, "users", "activate", strconv.Itoa(7000001+i)); err != nil {
			t.Fatal(err)
		}
	}
	phase := func(name string) {
		d, err := s.Start()
		if err != nil {
			t.Fatal(err)
		}
		if err := d.WaitReady(ctx); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		b0, a0 := cpu()
		time.Sleep(25 * time.Second)
		b1, a1 := cpu()
		out, err := s.Run(ctx, "stats", "queries")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("=== %s: host cpu %.0f%%\n%s\n", name, 100*(b1-b0)/(a1-a0), out)
		pool, _ := s.Run(ctx, "stats", "pool")
		fmt.Println(string(pool))
		d.Stop(ctx)
	}
	phase("with 017")
	out, err := s.Run(ctx, "migrate", "down", "017", "--yes")
	fmt.Println(string(out), err)
	phase("without")
	began := time.Now()
	out, err = s.Run(ctx, "migrate", "up", "017")
	fmt.Println(string(out), err, time.Since(began))
	phase("with again")
}
