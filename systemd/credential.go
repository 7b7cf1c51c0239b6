package systemd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Credential returns the content of the credential name from the directory in
// CREDENTIALS_DIRECTORY, read through getenv, without a final line break. It
// is false, without an error, when there is no such directory or credential.
// The error names the credential and never its content.
func Credential(getenv func(string) string, name string) (string, bool, error) {
	dir := getenv("CREDENTIALS_DIRECTORY")
	if dir == "" {
		return "", false, nil
	}
	if name == "" || name == "." || name == ".." || strings.ContainsAny(name, "/\x00") {
		return "", false, fmt.Errorf("%q is no name of a credential", name)
	}
	text, err := os.ReadFile(filepath.Join(dir, name))
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("credential %s: %w", name, err)
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r"), true, nil
}
