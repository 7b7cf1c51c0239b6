package direct_test

import (
	"net"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"healthagent/app/direct"
)

// TestRootConnectsAsTheService: the other end sees the service's user, and this process is root as before.
func TestRootConnectsAsTheService(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can be somebody else")
	}
	dir, err := os.MkdirTemp("", "d")
	must(t, err)
	defer func() { _ = os.RemoveAll(dir) }()
	must(t, os.Chmod(dir, 0o755)) //nolint:gosec // others are to come in
	path := filepath.Join(dir, "s")
	l, err := net.Listen("unix", path)
	must(t, err)
	defer func() { _ = l.Close() }()
	must(t, os.Chmod(path, 0o777)) //nolint:gosec // likewise
	for range 3 {
		conn, err := direct.Identity{Name: "nobody", UID: 65534, GID: 65533}.Dial(t.Context(), "unix", path)
		must(t, err)
		other, err := l.Accept()
		must(t, err)
		raw, err := other.(*net.UnixConn).SyscallConn()
		must(t, err)
		must(t, raw.Control(func(fd uintptr) {
			cred, err := unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED)
			if err != nil || cred.Uid != 65534 || cred.Gid != 65533 {
				t.Errorf("%+v %v", cred, err)
			}
		}))
		_, _ = conn.Close(), other.Close()
	}
	if os.Geteuid() != 0 || os.Getegid() != 0 {
		t.Error("this process is somebody else now")
	}
	must(t, os.Chmod(path, 0o700)) //nolint:gosec // nobody else
	if conn, err := (direct.Identity{Name: "nobody", UID: 65534, GID: 65533}).Dial(t.Context(), "unix", path); err == nil {
		_ = conn.Close()
		t.Error("it connected with the rights of root")
	}
}

func TestTheRoleIsNamed(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"postgres:///healthagent?host=/run/postgresql":    "postgres://healthagent@/healthagent?host=/run/postgresql",
		"postgresql://anna:x@db/h":                        "postgresql://anna:x@db/h",
		"postgres:///h?user=anna":                         "postgres:///h?user=anna",
		"host=/run/postgresql dbname=h":                   "host=/run/postgresql dbname=h user='healthagent'",
		"host=/run/postgresql user = anna dbname=h":       "host=/run/postgresql user = anna dbname=h",
		"host=/run/postgresql dbname=superuser=x port= 1": "host=/run/postgresql dbname=superuser=x port= 1 user='healthagent'",
	} {
		if got := direct.WithUser(address, "healthagent"); got != want {
			t.Errorf("%s is %s and not %s", address, got, want)
		}
	}
}
