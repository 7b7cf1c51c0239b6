package direct

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Identity is an OS user that root connects as: PostgreSQL knows its local clients by the user at the other end of the socket. Root stays
// root in everything else, so that the daemon and the audit log know who it is.
type Identity struct {
	Name     string // of the user, which is that of the role as well
	UID, GID int
}

// dialer opens a connection.
type dialer = func(ctx context.Context, network, address string) (net.Conn, error)

// dial connects with the user's rights. They are those of one thread for that moment; the kernel notes at the other end whose connection
// it is when it is made.
func (i Identity) dial(ctx context.Context, network, address string) (net.Conn, error) {
	type answer struct {
		conn net.Conn
		err  error
	}
	made := make(chan answer, 1)
	go func() {
		runtime.LockOSThread()
		if err := i.assume(); err != nil {
			made <- answer{nil, err}
			return // with its thread, whatever rights that has by now
		}
		var d net.Dialer
		conn, err := d.DialContext(ctx, network, address)
		if resume() == nil {
			runtime.UnlockOSThread()
		} // else the thread ends with this goroutine
		made <- answer{conn, err}
	}()
	a := <-made
	return a.conn, a.err
}

// Way is how the database is opened as this user: by which address, which names the role, and with whose rights. Of nil it is as whoever
// runs the process.
func (i *Identity) Way(address string) (url string, dial func(ctx context.Context, network, address string) (net.Conn, error)) {
	if i == nil {
		return address, nil
	}
	return withUser(address, i.Name), i.dial
}

// assume changes the rights of this thread only, which is why it goes round the library: that would change all of them.
func (i Identity) assume() error {
	if err := set(unix.SYS_SETRESGID, i.GID); err != nil {
		return fmt.Errorf("connect as the group of %s: %w", i.Name, err)
	}
	if err := set(unix.SYS_SETRESUID, i.UID); err != nil {
		return fmt.Errorf("connect as %s: %w", i.Name, errors.Join(err, set(unix.SYS_SETRESGID, 0)))
	}
	return nil
}

func resume() error {
	return errors.Join(set(unix.SYS_SETRESUID, 0), set(unix.SYS_SETRESGID, 0))
}

// set sets the effective id and leaves the real and the saved one.
func set(call uintptr, id int) error {
	same := ^uintptr(0)
	if _, _, errno := unix.RawSyscall(call, same, uintptr(id), same); errno != 0 {
		return errno
	}
	return nil
}

// withUser names the role in an address that names none: the library would take the name of whoever runs the process.
func withUser(address, name string) string {
	if u, err := url.Parse(address); err == nil && (u.Scheme == "postgres" || u.Scheme == "postgresql") {
		if u.User.Username() == "" && !u.Query().Has("user") {
			u.User = url.User(name)
		}
		return u.String()
	}
	if regexp.MustCompile(`(^|\s)user\s*=`).MatchString(address) {
		return address
	}
	return strings.TrimSpace(address + " user='" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(name) + "'")
}
