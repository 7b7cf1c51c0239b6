package local

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
)

// logLimit is the size from which a server's log is set aside at a start.
const logLimit = 8 << 20

// child is a server that this process started. It outlives us.
type child struct {
	pid  int
	done chan struct{} // closed when it has been reaped
	log  string
	from int64 // where its own part of the log begins
}

// spawn starts bin under the account, detached, writing to the log at path.
func spawn(a account, dir, log, bin string, args ...string) (*child, error) {
	if info, err := os.Stat(log); err == nil && info.Size() > logLimit {
		if err := os.Rename(log, log+".1"); err != nil {
			return nil, err
		}
	}
	f, err := os.OpenFile(log, os.O_RDWR|os.O_CREATE|os.O_APPEND|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if err := a.ownFile(f); err != nil {
		return nil, err
	}
	from, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(bin, args...)
	cmd.Dir = dir
	cmd.Env = cleanEnv()
	cmd.Stdout, cmd.Stderr = f, f
	cmd.SysProcAttr = a.attr()
	if err := cmd.Start(); err != nil {
		return nil, a.explain(err, dir, bin)
	}
	c := &child{pid: cmd.Process.Pid, done: make(chan struct{}), log: log, from: from}
	go func() {
		_ = cmd.Wait()
		close(c.done)
	}()
	return c, nil
}

// exited tells whether the child is gone. A nil child, somebody else's
// server, is never known to be gone.
func (c *child) exited() bool {
	if c == nil {
		return false
	}
	select {
	case <-c.done:
		return true
	default:
		return false
	}
}

// wait is the channel to wait on; nil, thus for ever, for a nil child.
func (c *child) wait() <-chan struct{} {
	if c == nil {
		return nil
	}
	return c.done
}

// output is what the child wrote to its log, at most its last 4 kB.
func (c *child) output() string {
	f, err := os.Open(c.log)
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	from := c.from
	if info, err := f.Stat(); err == nil && info.Size()-from > 4096 {
		from = info.Size() - 4096
	}
	if _, err := f.Seek(from, io.SeekStart); err != nil {
		return ""
	}
	text, _ := io.ReadAll(io.LimitReader(f, 4096))
	return strings.TrimSpace(string(text))
}

// cleanEnv is the environment of a server. Ours stays here: PG* variables
// would bend the server, and with NOTIFY_SOCKET it would report itself ready
// in our name.
func cleanEnv() []string {
	env := []string{"LC_ALL=C", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	for _, name := range []string{"LD_LIBRARY_PATH", "TZ"} {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	return env
}

// alive tells whether pid is a running process, zombies excluded, that has
// dir as its working directory. Where we may not look at the directory (root
// in a container without ptrace), its command line has to mention dir.
func alive(pid int, dir string) bool {
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return false
	}
	proc := fmt.Sprintf("/proc/%d/", pid)
	cwd, err := os.Stat(proc + "cwd")
	if err == nil {
		want, err := os.Stat(dir)
		return err == nil && os.SameFile(cwd, want)
	}
	if !errors.Is(err, os.ErrPermission) {
		return false
	}
	line, err := os.ReadFile(proc + "cmdline")
	if err != nil {
		return false
	}
	for arg := range bytes.SplitSeq(line, []byte{0}) {
		if string(arg) == dir {
			return true
		}
	}
	return false
}
