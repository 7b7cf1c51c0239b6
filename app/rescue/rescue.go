// Package rescue writes rows down before a rollback loses them: for the command line and for the daemon, in one place and one form.
package rescue

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Dir is where the rows go, below the state directory.
func Dir(stateDir string) string { return filepath.Join(stateDir, "rescued") }

// Writer writes, for one rollback, a compressed CSV file for each table, for its owner alone. A table without rows leaves no file. It
// is for one goroutine at a time.
type Writer struct {
	Dir   string
	Now   time.Time
	Files []File // those that hold rows
}

// File holds the rows of one table.
type File struct {
	Version int // the migration whose rollback loses the rows
	Path    string
}

// Open is a migrations.RescueFunc.
func (r *Writer) Open(version int, table string) (io.WriteCloser, error) {
	if err := os.MkdirAll(r.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the directory for rows that would be lost: %w", err)
	}
	name := fmt.Sprintf("%s_%03d_%s.csv.gz", r.Now.UTC().Format("20060102T150405.000Z"), version, strings.ReplaceAll(table, "/", "_"))
	path := filepath.Join(r.Dir, name)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the file for rows that would be lost: %w", err)
	}
	return &rescueFile{writer: r, version: version, file: file, packed: gzip.NewWriter(file)}, nil
}

type rescueFile struct {
	writer  *Writer
	version int
	file    *os.File
	packed  *gzip.Writer
	lines   int
	failed  error
}

// Write implements io.Writer.
func (f *rescueFile) Write(p []byte) (int, error) {
	f.lines += bytes.Count(p, []byte("\n"))
	n, err := f.packed.Write(p)
	f.failed = errors.Join(f.failed, err)
	return n, err
}

// Close returns when the rows are on the disk: they are about to be gone from where
// they were.
func (f *rescueFile) Close() error {
	path := f.file.Name()
	err := errors.Join(f.failed, f.packed.Close(), f.file.Sync(), f.file.Close())
	if err != nil {
		return errors.Join(err, os.Remove(path)) // half a table; nothing is lost where it came from
	}
	if f.lines <= 1 { // the header alone
		return os.Remove(path)
	}
	rescued := File{f.version, path}
	if !slices.Contains(f.writer.Files, rescued) { // the same table again, after a lock was not to be had
		f.writer.Files = append(f.writer.Files, rescued)
	}
	return syncDir(f.writer.Dir)
}

// syncDir puts the names in a directory on the disk: a synced file that has none is lost
// with the power.
func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
