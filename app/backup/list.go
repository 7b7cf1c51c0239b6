package backup

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"healthagent/store/dump"
)

// The names in a directory of dumps.
const (
	prefix   = "healthagent-"
	suffix   = ".dump"
	sumTail  = ".sha256"
	partTail = ".partial"
	lockName = ".lock"
	// working begins the name of a dump that has not its name yet, or no more: whoever has the lock may remove it.
	working = ".work-"
)

// Dump is one in the directory.
type Dump struct {
	dump.Manifest

	Path  string `json:"path"`
	Whole bool   `json:"whole"` // it has the length that its manifest tells
}

// Bad tells whether the last trial restore of the dump went badly, or it is not whole.
func (d Dump) Bad() bool { return !d.Whole || d.Verified != nil && !d.Verified.OK }

// Proven tells whether the last trial restore of the dump went well.
func (d Dump) Proven() bool { return d.Whole && d.Verified != nil && d.Verified.OK }

// Stray is something in the directory that is no dump. Nobody removes it.
type Stray struct {
	Name string `json:"name"`
	Text string `json:"text"` // what is the matter with it
}

// Listing is what a directory of dumps holds.
type Listing struct {
	Dir    string  `json:"dir"`
	Dumps  []Dump  `json:"dumps"` // the newest first
	Strays []Stray `json:"strays"`
}

// List reads a directory. One that is not there holds nothing. What is in it and is no dump is told and does no harm. The error is of a
// directory that cannot be read.
func List(dir string) (Listing, error) {
	l := Listing{Dir: dir, Dumps: []Dump{}, Strays: []Stray{}}
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return l, fmt.Errorf("read the directory of the dumps: %w", err)
	}
	names := map[string]bool{}
	for _, e := range entries {
		names[e.Name()] = true
	}
	for _, e := range entries {
		if err := l.add(e.Name(), names); err != nil {
			l.Strays = append(l.Strays, Stray{e.Name(), err.Error()})
		}
	}
	slices.SortStableFunc(l.Dumps, func(a, b Dump) int {
		if n := b.CreatedAt.Compare(a.CreatedAt); n != 0 {
			return n
		}
		return strings.Compare(b.File, a.File)
	})
	return l, nil
}

// add takes one name of the directory. The error tells what is the matter with it.
func (l *Listing) add(name string, names map[string]bool) error {
	switch {
	case name == lockName:
		return nil
	case strings.HasPrefix(name, working), strings.HasSuffix(name, partTail):
		return errors.New("it is not finished: it is being written, or was when its process died")
	case strings.HasSuffix(name, suffix):
		return l.addDump(name, names)
	}
	for _, tail := range []string{sumTail, dump.ManifestPath("")} {
		of, found := strings.CutSuffix(name, tail)
		if found && strings.HasSuffix(of, suffix) {
			if names[of] {
				return nil
			}
			return errors.New("its dump is missing")
		}
	}
	return errors.New("it is no dump of healthagent")
}

func (l *Listing) addDump(name string, names map[string]bool) error {
	path := filepath.Join(l.Dir, name)
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return errors.New("it cannot be looked at")
	case !info.Mode().IsRegular():
		return errors.New("it is no file")
	case !names[dump.ManifestPath(name)]:
		return errors.New("it has no manifest, without which nothing proves that it is whole")
	}
	m, err := dump.ReadManifest(path)
	if err != nil {
		return errors.New("its manifest cannot be read")
	}
	d := Dump{Manifest: m, Path: path, Whole: m.Bytes == info.Size()}
	d.File, d.Bytes = name, info.Size() // somebody may have given it another name
	l.Dumps = append(l.Dumps, d)
	if !d.Whole {
		return fmt.Errorf("it has %d bytes, and its manifest says %d", info.Size(), m.Bytes)
	}
	return nil
}
