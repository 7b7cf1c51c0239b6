package cli

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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
	files []string
}

// open is a migrations.RescueFunc.
func (r *rescue) open(version int, table string) (io.WriteCloser, error) {
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the directory for rows that would be lost: %w", err)
	}
	name := fmt.Sprintf("%s_%03d_%s.csv.gz", r.now.UTC().Format("20060102T150405Z"), version, strings.ReplaceAll(table, "/", "_"))
	path := filepath.Join(r.dir, name)
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the file for rows that would be lost: %w", err)
	}
	return &rescueFile{rescue: r, file: file, packed: gzip.NewWriter(file)}, nil
}

// kept are the files that hold rows.
func (r *rescue) kept() []string { return r.files }

type rescueFile struct {
	rescue *rescue
	file   *os.File
	packed *gzip.Writer
	lines  int
}

// Write implements io.Writer.
func (f *rescueFile) Write(p []byte) (int, error) {
	f.lines += bytes.Count(p, []byte("\n"))
	return f.packed.Write(p)
}

// Close returns when the rows are on the disk: they are about to be gone from where
// they were.
func (f *rescueFile) Close() error {
	err := errors.Join(f.packed.Close(), f.file.Sync(), f.file.Close())
	if err != nil {
		return err
	}
	path := f.file.Name()
	if f.lines <= 1 { // the header alone
		return os.Remove(path)
	}
	for _, old := range f.rescue.files {
		if old == path { // the same table again, after a lock was not to be had
			return nil
		}
	}
	f.rescue.files = append(f.rescue.files, path)
	return nil
}
