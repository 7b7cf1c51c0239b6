// Package systemd speaks the service manager's protocols without its library:
// readiness and watchdog messages, log lines with the journal's priorities,
// and credentials. Everything is a harmless no-op where systemd is absent.
package systemd

import (
	"fmt"
	"math"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// A manager that does not read is waited for: longest for READY=1, without which the
// start has failed, and but briefly for what is said again or only shown.
const (
	readyPatience = 10 * time.Second
	patience      = time.Second
)

// Notifier sends state to the service manager. It may be used from several
// goroutines; each message is one datagram. The zero value sends nothing. A manager
// that does not read makes a message an error after a bounded wait.
type Notifier struct {
	addr     *net.UnixAddr // nil without a manager
	watchdog time.Duration // 0 without a watchdog
}

// New reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID through getenv
// (os.Getenv). It leaves the environment as it is, so that a process that
// replaces this one still finds its manager.
func New(getenv func(string) string) *Notifier {
	n := &Notifier{}
	// Only paths and abstract names (written with an @) are datagram sockets
	// of this machine; the others, as vsock:, are not for services like ours.
	if name := getenv("NOTIFY_SOCKET"); len(name) > 1 && (name[0] == '/' || name[0] == '@') {
		n.addr = &net.UnixAddr{Name: name, Net: "unixgram"}
	}
	usec, err := strconv.ParseInt(getenv("WATCHDOG_USEC"), 10, 64)
	forUs := getenv("WATCHDOG_PID") == "" || getenv("WATCHDOG_PID") == strconv.Itoa(os.Getpid())
	if err == nil && usec > 0 && usec <= math.MaxInt64/int64(time.Microsecond) && forUs && n.addr != nil {
		n.watchdog = time.Duration(usec) * time.Microsecond
	}
	return n
}

// Active tells whether there is a manager to talk to.
func (n *Notifier) Active() bool { return n.addr != nil }

// Ready says that the service has started.
func (n *Notifier) Ready() error { return n.send("READY=1", readyPatience) }

// Stopping says that the service has begun to shut down.
func (n *Notifier) Stopping() error { return n.send("STOPPING=1", patience) }

// Watchdog says that the service is alive.
func (n *Notifier) Watchdog() error { return n.send("WATCHDOG=1", patience) }

// Status shows one line to the operator in systemctl status.
func (n *Notifier) Status(text string) error {
	return n.send("STATUS="+strings.Map(func(r rune) rune {
		if r == '\n' || r == '\r' || r == 0 {
			return ' ' // a second line would be a second assignment
		}
		return r
	}, text), patience)
}

// ExtendTimeout asks for d more, from now, to start or to stop.
func (n *Notifier) ExtendTimeout(d time.Duration) error {
	return n.send("EXTEND_TIMEOUT_USEC="+strconv.FormatInt(max(d, 0).Microseconds(), 10), patience)
}

// WatchdogInterval is the time within which the manager wants to hear from
// Watchdog, false when it does not. Half of it is a good rhythm.
func (n *Notifier) WatchdogInterval() (time.Duration, bool) {
	return n.watchdog, n.watchdog > 0
}

// send delivers one message. A socket per message costs microseconds and never
// goes stale when the manager re-executes itself. A full queue would block it without
// end, and with it the shutdown.
func (n *Notifier) send(state string, wait time.Duration) error {
	if n.addr == nil {
		return nil
	}
	conn, err := net.DialUnix("unixgram", nil, n.addr)
	if err != nil {
		return fmt.Errorf("notify the service manager: %w", err)
	}
	if err = conn.SetWriteDeadline(time.Now().Add(wait)); err == nil {
		_, err = conn.Write([]byte(state))
	}
	if errClose := conn.Close(); err == nil {
		err = errClose
	}
	if err != nil {
		return fmt.Errorf("notify the service manager: %w", err)
	}
	return nil
}
