package migrations

import (
	"testing"
	"time"
)

func TestMajor(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]int{
		"15.18 (Debian 15.18-1)": 15, "19beta1": 19, "18": 18, "9.6.24": 9, "": 0, "x": 0,
	} {
		if got := major(version); got != want {
			t.Errorf("%q: %d, want %d", version, got, want)
		}
	}
}

func TestBackoffGrowsAndIsBounded(t *testing.T) {
	t.Parallel()
	for try := 1; try <= maxTries; try++ {
		whole := min(0.5*float64(int(1)<<(try-1)), 30)
		if got := backoff(try).Seconds(); got < whole/2 || got > whole {
			t.Errorf("try %d: %v s outside %v to %v", try, got, whole/2, whole)
		}
	}
}

// A server that hangs accepts a connection and never speaks: nobody waits for that for ever.
func TestConnectingIsBounded(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]time.Duration{
		"postgres:///x?host=/nowhere":                   connectTime,
		"postgres:///x?host=/nowhere&connect_timeout=3": 3 * time.Second,
	} {
		e, err := New(Config{URL: url})
		if err != nil {
			t.Fatal(err)
		}
		if got := e.conn.ConnectTimeout; got != want {
			t.Errorf("%s: %v, want %v", url, got, want)
		}
	}
}
