package sampler

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"healthagent/tui/source"
)

// host reads what the machine uses. It is for one goroutine. What the machine does not tell stays zero.
type host struct {
	proc string // /proc
	dir  string // in the file system whose room is told

	busy, all uint64 // of the processors, at the last look
	cpu       float64
	known     bool // cpu is
	processor int

	diskAt    time.Time
	used, top int64
}

// diskEvery is how long the room on the disk is believed.
const diskEvery = 10 * time.Second

func (h *host) read(now time.Time, into *source.System) {
	h.readCPU()
	into.HostCPUPercent, into.Processors = h.cpu, h.processor // 0 while it is not known
	into.HostMemUsed, into.HostMemTotal = h.memory()
	into.Load1 = h.load()
	if since := now.Sub(h.diskAt); since >= diskEvery || since < 0 {
		h.diskAt = now
		h.readDisk()
	}
	into.DiskUsed, into.DiskTotal = h.used, h.top
}

func (h *host) file(name string) []byte {
	raw, err := os.ReadFile(h.proc + "/" + name)
	if err != nil {
		return nil // another kind of machine
	}
	return raw
}

// leastTicks of a hundredth of a second must have passed on each processor: what was done in fewer says nothing.
const leastTicks = 10

// readCPU reads the first line of stat: user, nice, system, idle, iowait, irq, softirq, steal; what follows is in user already.
func (h *host) readCPU() {
	raw := h.file("stat")
	line, rest, _ := bytes.Cut(raw, []byte("\n"))
	fields := strings.Fields(string(line))
	if len(fields) < 5 || fields[0] != "cpu" {
		return
	}
	var all, idle uint64
	for i, f := range fields[1:min(len(fields), 9)] {
		n, err := strconv.ParseUint(f, 10, 64)
		if err != nil {
			return
		}
		all += n
		if i == 3 || i == 4 {
			idle += n
		}
	}
	if h.processor == 0 {
		h.processor = bytes.Count(rest, []byte("cpu"))
	}
	busy := all - idle
	if h.all > 0 && all >= h.all && all-h.all < leastTicks*uint64(max(h.processor, 1)) { //nolint:gosec // positive
		return
	}
	if h.all > 0 && all > h.all && busy >= h.busy {
		h.cpu, h.known = 100*float64(busy-h.busy)/float64(all-h.all), true
	}
	h.busy, h.all = busy, all
}

// memory is what is used, so that no program could have it, and what there is.
func (h *host) memory() (used, total int64) {
	raw := h.file("meminfo")
	kB := func(name string) int64 {
		_, rest, found := bytes.Cut(raw, []byte(name+":"))
		if !found {
			return 0
		}
		line, _, _ := bytes.Cut(rest, []byte("\n"))
		n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(string(line)), " kB"), 10, 64)
		if err != nil {
			return 0
		}
		return n << 10
	}
	total = kB("MemTotal")
	return total - min(kB("MemAvailable"), total), total
}

func (h *host) load() float64 {
	first, _, _ := bytes.Cut(h.file("loadavg"), []byte(" "))
	load, err := strconv.ParseFloat(string(first), 64)
	if err != nil {
		return 0
	}
	return load
}

// readDisk counts as df does: what is kept for root is neither used nor free.
func (h *host) readDisk() {
	var fs syscall.Statfs_t
	if h.dir == "" || syscall.Statfs(h.dir, &fs) != nil {
		return
	}
	block := int64(fs.Bsize) //nolint:unconvert // of another size on other machines
	h.used = int64(fs.Blocks-fs.Bfree) * block
	h.top = h.used + int64(fs.Bavail)*block
}
