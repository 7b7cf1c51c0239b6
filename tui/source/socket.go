package source

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// dial connects to the first socket with somebody behind it. One that exists and may not be opened is the better thing to tell of than
// one that is not there. Errors: *RefusedError, *UnavailableError.
func dial(ctx context.Context, sockets []string) (net.Conn, error) {
	var denied, last error
	for _, path := range sockets {
		var dialer net.Dialer
		connection, err := dialer.DialContext(ctx, "unix", path)
		if err == nil {
			return connection, nil
		}
		if errors.Is(err, fs.ErrPermission) && denied == nil {
			denied = &RefusedError{Reason: "you may not open the daemon's socket " + path + ": " + howToJoin(path)}
		}
		last = err
	}
	switch {
	case denied != nil:
		return nil, denied
	case ctx.Err() != nil:
		return nil, &UnavailableError{Reason: "the daemon does not answer", Err: context.Cause(ctx)}
	case len(sockets) == 0:
		return nil, &UnavailableError{Reason: "no socket of a daemon is known"}
	default:
		return nil, &UnavailableError{Reason: "the daemon is not running: nobody listens on " + strings.Join(sockets, " or on "), Err: last}
	}
}

// howToJoin names the group whose members may open the socket. When the socket itself may not be looked at it is that of its directory.
func howToJoin(path string) string {
	group := groupOf(path)
	if group == "" {
		group = groupOf(filepath.Dir(path))
	}
	me := "NAME"
	if u, err := user.Current(); err == nil && u.Username != "" {
		me = u.Username
	}
	if group == "" {
		return "become a member of its group, and log in again"
	}
	return fmt.Sprintf("sudo usermod -aG %s %s, and log in again", group, me)
}

func groupOf(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || stat.Gid == 0 { // nobody is made a member of root's
		return ""
	}
	g, err := user.LookupGroupId(strconv.Itoa(int(stat.Gid)))
	if err != nil {
		return ""
	}
	return g.Name
}

// door is an HTTP client whose every request goes to the daemon, on a connection of its own.
func (c *Client) door() *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives:  true,
		DisableCompression: true,
		DialContext:        func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx, c.conf.Sockets) },
	}}
}
