package admin_test

import (
	"context"
	"errors"
	"net"
	"testing"

	"healthagent/app/admin"
)

// closes tells when its end is closed.
type closes struct {
	net.Conn
	closed bool
}

func (c *closes) Close() error {
	c.closed = true
	return c.Conn.Close()
}

// TestGetWhenTimeIsUp: who has waited too long for the connection asks nothing any more, and leaves nothing open.
func TestGetWhenTimeIsUp(t *testing.T) {
	t.Parallel()
	ours, theirs := net.Pipe()
	defer func() { _ = theirs.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	connection := &closes{Conn: ours}
	if _, _, err := admin.Get(ctx, connection, "/readyz"); !errors.Is(err, context.Canceled) || !connection.closed {
		t.Errorf("%v; it was closed: %v", err, connection.closed)
	}
}
