package alarm

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// told is what the administrators know, as it lies in the file.
type told struct {
	Codes map[string]known `json:"codes"`
	Sent  []time.Time      `json:"sent"` // messages of the last hour
}

// known is what they know of one thing.
type known struct {
	Red   bool      `json:"red"`
	At    time.Time `json:"at,omitzero"`    // they were told that it is red
	Since time.Time `json:"since,omitzero"` // when that began
	Times int       `json:"times"`          // it turned red since then
}

// Open returns the book in the file at path, an empty one when there is none. The error says why a file that is there is of no use; the
// book is good even so. host names this machine in the messages.
func Open(path, host string, now func() time.Time) (*Book, error) {
	b := &Book{path: path, host: host, now: now, seen: map[string]*streak{}, events: map[string]streak{}}
	raw, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(raw, &b.told)
	}
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		b.told = told{}
		err = fmt.Errorf("what was told before cannot be read: %w", err)
	}
	if b.told.Codes == nil {
		b.told.Codes = map[string]known{}
	}
	return b, err
}

func (t *told) count(code string) {
	k := t.Codes[code]
	k.Times++
	t.Codes[code] = k
}

func (t *told) note(c change, now time.Time) {
	k := t.Codes[c.code]
	k.Red = c.red && !c.event
	if c.red {
		k.At, k.Since, k.Times = now, c.since, 0
	}
	t.Codes[c.code] = k
}

// forget drops what nobody needs to know any more; checks come and go with versions.
func (t *told) forget(now time.Time) {
	for code, k := range t.Codes {
		age := now.Sub(k.At)
		if (age < 0 || age >= quiet) && !k.Red || age >= forgets {
			delete(t.Codes, code)
		}
	}
}

// save replaces the file as a whole. It does not wait for the disk: after a power cut the same may be told again.
func (t *told) save(path string) error {
	raw, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("note what was told: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".alarm-*") // for its owner alone
	if err != nil {
		return fmt.Errorf("note what was told: %w", err)
	}
	_, err = f.Write(append(raw, '\n'))
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("note what was told: %w", err)
	}
	return nil
}
