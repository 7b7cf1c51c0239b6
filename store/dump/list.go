package dump

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// File is a dump in a directory.
type File struct {
	Path     string
	Manifest Manifest
}

// List are the dumps of a directory that have their manifest and its length, the newest first. Whether they are whole Check tells.
// None is no error; fs.ErrNotExist when there is no such directory.
func List(dir string) ([]File, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []File
	for _, e := range entries {
		name, found := strings.CutSuffix(e.Name(), ManifestPath(""))
		if !found {
			continue
		}
		path := filepath.Join(dir, name)
		info, err := os.Stat(path)
		if err != nil {
			continue
		}
		if m, err := ReadManifest(path); err == nil && m.Bytes == info.Size() {
			out = append(out, File{Path: path, Manifest: m})
		}
	}
	slices.SortStableFunc(out, func(a, b File) int { return b.Manifest.CreatedAt.Compare(a.Manifest.CreatedAt) })
	return out, nil
}
