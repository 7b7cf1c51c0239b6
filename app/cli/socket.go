package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"time"

	"healthagent/app/fault"
)

const (
	askTime   = 5 * time.Second // the daemon answers from memory
	maxAnswer = 16 << 20
)

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
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(context.Context, string, string) (net.Conn, error) { return connection, nil },
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://healthagent"+path, nil)
	if err != nil {
		return fmt.Errorf("ask the daemon: %w", err)
	}
	response, err := client.Do(request)
	if err != nil {
		return fault.Wrap(fault.Unavailable, "the daemon does not answer", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode == http.StatusServiceUnavailable {
		var told struct {
			Error string `json:"error"`
		}
		if json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(&told) == nil && told.Error != "" {
			return fault.New(fault.Unavailable, "the daemon says: "+told.Error)
		}
	}
	if response.StatusCode != http.StatusOK {
		return fault.New(fault.Unavailable, fmt.Sprintf("the daemon answers %s with %s", path, response.Status))
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(into); err != nil {
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
