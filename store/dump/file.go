package dump

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// partial is the end of the name of a file that is not whole yet.
const partial = ".partial"

// ManifestPath is where the manifest of a dump lies.
func ManifestPath(dump string) string { return dump + ".json" }

// ReadManifest reads the manifest beside a dump. fs.ErrNotExist when there is none.
func ReadManifest(dump string) (Manifest, error) {
	text, err := os.ReadFile(ManifestPath(dump))
	if err != nil {
		return Manifest{}, fmt.Errorf("read the manifest: %w", err)
	}
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return Manifest{}, fmt.Errorf("read the manifest %s: %w", ManifestPath(dump), err)
	}
	if m.Format != 1 || m.SHA256 == "" {
		return Manifest{}, fmt.Errorf("the manifest %s is of a format that this version does not know", ManifestPath(dump))
	}
	return m, nil
}

// Save writes the manifest beside its dump, in the place of one that is there, whole or not at all.
func (m Manifest) Save(dump string) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	err = writeFile(ManifestPath(dump), true, func(f *os.File) error {
		_, err := f.Write(append(text, '\n'))
		return err
	})
	if err != nil {
		return fmt.Errorf("write the manifest: %w", err)
	}
	return nil
}

// writeFile makes a file that only its owner may read. It has its name only when it is whole and on the disk; when fill fails nothing
// is left. It replaces one that is there only when it may.
func writeFile(path string, replace bool, fill func(*os.File) error) error {
	if _, err := os.Lstat(path); err == nil && !replace {
		return &fs.PathError{Op: "create", Path: path, Err: fs.ErrExist}
	}
	if err := os.Remove(path + partial); err != nil && !errors.Is(err, fs.ErrNotExist) { // what a killed process left
		return err
	}
	f, err := os.OpenFile(path+partial, os.O_RDWR|os.O_CREATE|os.O_EXCL|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return err
	}
	err = fill(f)
	if err == nil {
		err = f.Sync()
	}
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(path+partial, path)
	}
	if err != nil {
		_ = os.Remove(path + partial) // the error that is returned matters more
		return err
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the names in a directory last.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// digest is the SHA-256 of a file from its beginning, and its length.
func digest(ctx context.Context, f *os.File) (sum string, bytes int64, err error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", 0, err
	}
	h := sha256.New()
	bytes, err = io.Copy(h, reading{ctx, f})
	return hex.EncodeToString(h.Sum(nil)), bytes, err
}

// reading is a reader that ends with its context.
type reading struct {
	ctx context.Context
	r   io.Reader
}

func (r reading) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.r.Read(b)
}
