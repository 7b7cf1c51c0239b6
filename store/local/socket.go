package local

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
)

// maxSocketPath is what sockaddr_un holds, without its closing zero.
const maxSocketPath = 107

// socketDir makes the private directory for a server's socket: preferred, or,
// when the socket's full path would not fit into an address, a short one under
// the temporary directory whose name follows from preferred. It belongs to the
// account and to nobody else; a squatter's directory is refused.
func socketDir(preferred, socket string, a account) (string, error) {
	dir := preferred
	if len(dir)+1+len(socket) > maxSocketPath {
		sum := sha256.Sum256([]byte(preferred))
		name := fmt.Sprintf("healthagent-%d-%s", a.uid, hex.EncodeToString(sum[:6]))
		dir = filepath.Join(os.TempDir(), name)
		if len(dir)+1+len(socket) > maxSocketPath {
			dir = filepath.Join("/tmp", name)
		}
	}
	return dir, privateDir(dir, a)
}

// privateDir makes dir with mode 0700 for the account, or checks that it is so.
func privateDir(dir string, a account) error {
	err := os.Mkdir(dir, 0o700)
	if err == nil {
		return a.own(dir)
	}
	info, statErr := os.Lstat(dir)
	if statErr != nil {
		return err
	}
	uid, _, _ := ownerOf(dir)
	switch {
	case !info.IsDir():
		return fmt.Errorf("%s is in the way: it is not a directory", dir)
	case a.switched && uid == os.Geteuid():
		// Made by root a moment before a crash, never handed over.
		if err := a.own(dir); err != nil {
			return err
		}
	case uid != a.uid:
		return fmt.Errorf("%s belongs to %s instead of %s: remove it", dir, userName(uid), a.name)
	}
	if info.Mode().Perm() != 0o700 {
		return os.Chmod(dir, 0o700)
	}
	return nil
}
