package cli

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

// rescueDir is where rows go that a rollback loses.
func (db *database) rescueDir() string { return filepath.Join(db.config.StateDir, "rescued") }

// rescue writes rows down before a rollback loses them: a compressed CSV file for each
// table, for its owner alone. A table without rows leaves no file.
type rescue struct {
	dir   string
	now   time.Time
	files []rescuedFile // those that hold rows
}

type rescuedFile struct {
	version int // the migration whose rollback loses the rows
	path    string
}

// open is a migrations.RescueFunc.
func (r *rescue) open(version int, table string) (io.WriteCloser, error) {
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the directory for rows that would be lost: %w", err)
	}
	name := fmt.Sprintf("%s_%03d_%s.csv.gz", r.now.UTC().Format("20060102T150405.000Z"), version, strings.ReplaceAll(table, "/", "_"))
	path := filepath.Join(r.dir, name)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the file for rows that would be lost: %w", err)
	}
	return &rescueFile{rescue: r, version: version, file: file, packed: gzip.NewWriter(file)}, nil
}

type rescueFile struct {
	rescue  *rescue
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
	rescued := rescuedFile{f.version, path}
	if !slices.Contains(f.rescue.files, rescued) { // the same table again, after a lock was not to be had
		f.rescue.files = append(f.rescue.files, rescued)
	}
	return syncDir(f.rescue.dir)
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
