package sampler

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"healthagent/tui/source"
)

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestHost(t *testing.T) {
	t.Parallel()
	proc := t.TempDir()
	h := host{proc: proc, dir: proc}
	write(t, proc, map[string]string{
		"stat":    "cpu  100 0 100 800 0 0 0 0 50 0\ncpu0 50 0 50 400 0 0 0 0 0 0\ncpu1 50 0 50 400 0 0 0 0 0 0\nintr 1\n",
		"meminfo": "MemTotal:        2000 kB\nMemFree:          100 kB\nMemAvailable:    1500 kB\n", "loadavg": "0.42 0.30 0.20 1/200 999\n",
	})
	var s source.System
	h.read(noon(), &s)
	if s.HostCPUPercent != 0 || s.Processors != 2 || s.HostMemTotal != 2000<<10 || s.HostMemUsed != 500<<10 || s.Load1 != 0.42 || s.DiskTotal <= s.DiskUsed || s.DiskUsed <= 0 {
		t.Errorf("%+v", s)
	}
	write(t, proc, map[string]string{"stat": "cpu  103 0 100 800 0 0 0 0 50 0\ncpu0 1\ncpu1 1\n"})
	h.read(noon().Add(30*time.Millisecond), &s)
	if s.HostCPUPercent != 0 || h.known { // busy for the 3 ticks since the start, which says nothing
		t.Errorf("right after the start: %v %%, known %v", s.HostCPUPercent, h.known)
	}
	write(t, proc, map[string]string{"stat": "cpu  120 0 105 870 5 0 0 0 60 0\ncpu0 1\ncpu1 1\n"})
	h.read(noon().Add(time.Second), &s)
	if s.HostCPUPercent != 25 || !h.known { // 25 of 100 ticks
		t.Errorf("%v %%", s.HostCPUPercent)
	}
}

// TestAnotherKindOfMachine: what cannot be read is zero.
func TestAnotherKindOfMachine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, text := range []string{"", "nonsense", "cpu a b c d e\n", "MemTotal: x kB\n"} {
		write(t, dir, map[string]string{"stat": text, "meminfo": text, "loadavg": text})
		h := host{proc: dir, dir: filepath.Join(dir, "none")}
		var s source.System
		h.read(noon(), &s)
		if s != (source.System{}) {
			t.Errorf("of %q: %+v", text, s)
		}
	}
}

// TestTheProcessorsAreNotKnownAtFirst: the first step of the history has a gap and no zero.
func TestTheProcessorsAreNotKnownAtFirst(t *testing.T) {
	t.Parallel()
	s := New(Config{Now: noon})
	s.tick.host = host{proc: t.TempDir()}
	s.sample()
	if r, ok := s.hub.short.get(s.hub.short.number(noon())); !ok || !math.IsNaN(float64(r[atHostCPU])) {
		t.Errorf("it is %v", r[atHostCPU])
	}
}
