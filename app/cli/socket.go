package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"time"

	"healthagent/app/admin"
	"healthagent/app/fault"
)

const askTime = 5 * time.Second // the daemon answers from memory

// askDaemon reads a JSON document from the first of these admin sockets that a daemon
// listens on. An error of kind fault.Unavailable says that none does, or that it does
// not answer; fault.Refused, that this user may not ask.
func askDaemon(ctx context.Context, sockets []string, path string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	connection, err := dialFirst(ctx, sockets)
	if err != nil {
		return err
	}
	answer, status, err := admin.Get(ctx, connection, path)
	if err != nil {
		return fault.Wrap(fault.Unavailable, "the daemon does not answer", err)
	}
	if status == http.StatusServiceUnavailable {
		var told struct {
			Error string `json:"error"`
		}
		if json.Unmarshal(answer, &told) == nil && told.Error != "" {
			return fault.New(fault.Unavailable, "the daemon says: "+told.Error)
		}
	}
	if status != http.StatusOK {
		return fault.New(fault.Unavailable, fmt.Sprintf("the daemon answers %s with %d %s", path, status, http.StatusText(status)))
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fault.Wrap(fault.Unavailable, "the daemon's answer cannot be read", err)
	}
	return nil
}

// dialFirst connects to the first socket with somebody behind it. A socket that exists
// and may not be opened is the better thing to tell of than one that is not there.
func dialFirst(ctx context.Context, sockets []string) (net.Conn, error) {
	var refused error
	for _, path := range sockets {
		var dialer net.Dialer
		connection, err := dialer.DialContext(ctx, "unix", path)
		if err == nil {
			return connection, nil
		}
		if errors.Is(err, fs.ErrPermission) {
			refused = fault.Wrap(fault.Refused, "you may not open the daemon's socket "+path+": join its group", err)
		}
	}
	if refused != nil {
		return nil, refused
	}
	return nil, fault.New(fault.Unavailable, "the daemon is not running: nobody listens on "+strings.Join(sockets, " or on "))
}
