package sampler

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"healthagent/tui/source"
)

// What is not a series is kept in a second file, which is written anew as a whole: the day of each statement, the uses of each index,
// how plans read, since when something needs somebody, the log.
const (
	memoryName    = "history.state"
	memoryVersion = 1
	// mostMemory is how much of a file is read: ours are some hundred kB.
	mostMemory = 8 << 20
)

// keeper says when that file is due. It is the loop's.
type keeper struct {
	dir  string
	at   time.Time
	seq  int64 // newest event in the file
	news func() int64
}

// due is true every five minutes, and after a quarter of a minute when there are new events.
func (k *keeper) due(now time.Time) bool {
	age := now.Sub(k.at)
	return age < 0 || age >= 5*time.Minute || age >= 15*time.Second && k.news() != k.seq
}

// memory is the content of the file.
type memory struct {
	Days   map[string]*day      `json:"days"`
	Plans  map[string]planSeen  `json:"plans"`
	Scans  map[string]*scans    `json:"scans"`
	Since  map[string]time.Time `json:"since"`
	Events []source.Event       `json:"events"`
	Seq    int64                `json:"seq"`
}

// remember takes in what is on disk. It is called before anything else runs.
func (s *Sampler) remember() {
	s.disk = openDisk(s.config.Dir, s.hub.short, s.hub.long, s.now(), s.log)
	s.kept = keeper{dir: s.config.Dir, at: s.now(), news: s.hub.newest}
	if s.config.Dir == "" {
		return
	}
	path := filepath.Join(s.config.Dir, memoryName)
	m, err := readMemory(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return
	case err != nil:
		s.log.Warn("what was known of the last day cannot be read and is set aside", "file", path, "error", err)
		if err := setAside(path); err != nil {
			s.log.Warn("it cannot be set aside", "error", err)
		}
		return
	}
	for name, d := range m.Days {
		s.book.of(name).day = *d
	}
	for name, p := range m.Plans {
		s.book.of(name).plan = p
	}
	for name, x := range m.Scans {
		s.usage.by[name] = x
	}
	if m.Since != nil {
		s.told.since = m.Since
	}
	s.hub.state.Log, s.hub.seq = m.Events, m.Seq
	s.kept.seq = m.Seq
}

// save writes what is known. It runs on the loop, or after it.
func (s *Sampler) save() {
	s.kept.at = s.now()
	if s.kept.dir == "" {
		return
	}
	m := memory{Days: map[string]*day{}, Plans: map[string]planSeen{}, Scans: s.usage.by, Since: s.told.since}
	for name, e := range s.book.by {
		if !e.day.empty(s.now()) {
			m.Days[name] = &e.day
		}
		if e.plan.Node != "" {
			m.Plans[name] = e.plan
		}
	}
	m.Events, m.Seq = s.hub.events()
	if err := writeMemory(filepath.Join(s.kept.dir, memoryName), m); err != nil {
		s.log.Warn("what is known of the last day cannot be written", "error", err)
		return
	}
	s.kept.seq = m.Seq
}

// readMemory reads a file of ours: a line with version, length and checksum, then JSON.
func readMemory(path string) (memory, error) {
	var m memory
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // whatever it is, the start does not wait for it
	if err != nil {
		return m, fmt.Errorf("open it: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	raw, err := io.ReadAll(io.LimitReader(f, mostMemory))
	if err != nil {
		return m, fmt.Errorf("read it: %w", err)
	}
	head, body, _ := bytes.Cut(raw, []byte("\n"))
	if string(head) != memoryHead(body) {
		return m, errForeign
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return memory{}, fmt.Errorf("understand it: %w", err)
	}
	return m, nil
}

func memoryHead(body []byte) string {
	return fmt.Sprintf("healthagent state %d %d %08x", memoryVersion, len(body), crc32.ChecksumIEEE(body))
}

// writeMemory replaces the file at once, or leaves it as it was.
func writeMemory(path string, m memory) error {
	body, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("encode it: %w", err)
	}
	fresh := path + ".new"
	if err := os.WriteFile(fresh, append([]byte(memoryHead(body)+"\n"), body...), 0o600); err != nil {
		return fmt.Errorf("write it: %w", err)
	}
	if err := os.Rename(fresh, path); err != nil {
		return fmt.Errorf("put it in its place: %w", err)
	}
	return nil
}
