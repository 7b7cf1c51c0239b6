package app

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
	_ "time/tzdata" // as main has it

	"healthagent/test/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }

// patience turns a hang into a failure and measures nothing.
const patience = 2 * time.Minute

// clock is a clock that the test turns.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// lines collects texts and lets a test wait for one.
type lines struct {
	mu   sync.Mutex
	all  []string
	news chan struct{}
}

func newLines() *lines { return &lines{news: make(chan struct{})} }

func (l *lines) add(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, text)
	close(l.news)
	l.news = make(chan struct{})
}

// Write makes a log of it.
func (l *lines) Write(b []byte) (int, error) {
	l.add(string(bytes.TrimSpace(b)))
	return len(b), nil
}

func (l *lines) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (l *lines) has(part string) (bool, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.all {
		if strings.Contains(line, part) {
			return true, nil
		}
	}
	return false, l.news
}

// await waits for a line that holds the part.
func (l *lines) await(t testing.TB, part string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		found, news := l.has(part)
		if found {
			return
		}
		select {
		case <-news:
		case <-ctx.Done():
			t.Fatalf("no line with %q came; these did:\n%s", part, l)
		}
	}
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.all, "\n")
}
