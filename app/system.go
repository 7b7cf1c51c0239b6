package app

import (
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// system is what the process uses of the machine.
type system struct {
	CPUPercent  float64 `json:"cpu_percent"`  // of one processor, since the last question
	MemoryBytes int64   `json:"memory_bytes"` // resident; 0 where /proc is not there
	Uptime      float64 `json:"uptime_s"`
}

func (d *daemon) system() system {
	now := d.now()
	return system{CPUPercent: d.cpu.percent(now), MemoryBytes: resident(), Uptime: now.Sub(d.started).Seconds()}
}

// cpuMeter turns the process's used time into a share.
type cpuMeter struct {
	mu   sync.Mutex
	at   time.Time
	used time.Duration
	last float64
}

func (m *cpuMeter) percent(now time.Time) float64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	var r syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &r) != nil {
		return m.last
	}
	used := time.Duration(r.Utime.Nano() + r.Stime.Nano())
	if past := now.Sub(m.at); past > 100*time.Millisecond { // a shorter stretch says nothing
		if !m.at.IsZero() {
			m.last = 100 * float64(used-m.used) / float64(past)
		}
		m.at, m.used = now, used
	}
	return m.last
}

// resident reads the second field of /proc/self/statm: resident pages.
func resident() int64 {
	raw, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(raw))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
