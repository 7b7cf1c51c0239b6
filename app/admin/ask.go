package admin

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 16 << 20

// Get asks the admin socket at the other end of a connection for a path, closes the connection, and returns what it says with its HTTP status.
// The error is that nothing came, or not all of it.
func Get(ctx context.Context, connection net.Conn, path string) (answer []byte, status int, err error) {
	defer func() { _ = connection.Close() }() // the client closes what it has used, and not what it came too late for
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext:       func(context.Context, string, string) (net.Conn, error) { return connection, nil },
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://healthagent"+path, nil)
	if err != nil {
		return nil, 0, fmt.Errorf("ask the admin socket: %w", err)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, 0, fmt.Errorf("ask the admin socket: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // it was only read
	answer, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, 0, fmt.Errorf("read the answer of the admin socket: %w", err)
	}
	return answer, response.StatusCode, nil
}
