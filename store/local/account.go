package local

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// account is the OS user that a server runs as. The zero value is ourselves.
type account struct {
	uid, gid int
	name     string
	switched bool // we are root and the server is not
}

// accountFor picks the user for a server whose data is at data inside dir:
// ourselves, unless we are root. Root takes the owner of existing data, then
// the owner of dir, then the first of names that exists; the servers' data
// thus stays usable for whoever owned it first.
func accountFor(dir, data string, names ...string) (account, error) {
	me := os.Geteuid()
	if me != 0 {
		if uid, _, ok := ownerOf(data); ok && uid != me {
			return account{}, fmt.Errorf("%s belongs to %s: run this as that user or as root", data, userName(uid))
		}
		return account{uid: me, gid: os.Getegid(), name: userName(me)}, nil
	}
	for _, path := range []string{data, dir} {
		if uid, gid, ok := ownerOf(path); ok && uid != 0 {
			return account{uid: uid, gid: gid, name: userName(uid), switched: true}, nil
		}
	}
	for _, name := range names {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, errUID := strconv.Atoi(u.Uid)
		gid, errGID := strconv.Atoi(u.Gid)
		if errUID == nil && errGID == nil {
			return account{uid: uid, gid: gid, name: name, switched: true}, nil
		}
	}
	return account{}, fmt.Errorf("the server refuses to run as root and there is no OS user %s: create one, or run this as an ordinary user",
		strings.Join(names, " or "))
}

// attr puts a process in a session of its own, out of reach of our terminal
// and our death, under this account.
func (a account) attr() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setsid: true}
	if a.switched {
		attr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)} //nolint:gosec // ids come from the system
	}
	return attr
}

// own hands path to the account.
func (a account) own(path string) error {
	if !a.switched {
		return nil
	}
	return os.Lchown(path, a.uid, a.gid)
}

// ownFile hands an open file to the account.
func (a account) ownFile(f *os.File) error {
	if !a.switched {
		return nil
	}
	return f.Chown(a.uid, a.gid)
}

// explain turns a refused start into what to do about it: it names the first
// directory on the way to a path that the account may not pass.
func (a account) explain(err error, paths ...string) error {
	if !errors.Is(err, syscall.EACCES) {
		return err
	}
	for _, p := range paths {
		if dir := a.barrier(p); dir != "" {
			return fmt.Errorf("the OS user %s cannot pass through %s: run 'chmod o+x %s' or choose another state directory: %w",
				a.name, dir, dir, err)
		}
	}
	return err
}

// barrier is the first directory on the way to path without search permission
// for the account, or "".
func (a account) barrier(path string) string {
	at := "/"
	for part := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		at = filepath.Join(at, part)
		info, err := os.Stat(at)
		if err != nil || !info.IsDir() {
			return ""
		}
		st, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return ""
		}
		bit := uint32(0o001)
		switch {
		case int(st.Uid) == a.uid:
			bit = 0o100
		case int(st.Gid) == a.gid:
			bit = 0o010
		}
		if st.Mode&bit == 0 {
			return at
		}
	}
	return ""
}

func ownerOf(path string) (uid, gid int, ok bool) {
	info, err := os.Lstat(path)
	if err != nil {
		return 0, 0, false
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(st.Uid), int(st.Gid), true
}

func userName(uid int) string {
	if u, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return u.Username
	}
	return "uid " + strconv.Itoa(uid)
}

// makeDir creates dir and what is missing above it. Directories that root
// makes may be passed through but not listed by others, because the server's
// own user has to reach its data; everybody else's are private.
func makeDir(dir string) error {
	if info, err := os.Stat(dir); err == nil {
		if !info.IsDir() {
			return fmt.Errorf("%s is not a directory", dir)
		}
		return nil
	}
	if parent := filepath.Dir(dir); parent != dir {
		if err := makeDir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		if errors.Is(err, os.ErrExist) {
			return nil // another starter was faster
		}
		return err
	}
	if os.Geteuid() == 0 {
		return os.Chmod(dir, 0o711) // the umask must not close it
	}
	return nil
}
