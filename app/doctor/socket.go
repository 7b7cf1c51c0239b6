package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"strings"

	"healthagent/app/admin"
)

// errAway means that nobody listens on the daemon's socket.
var errAway = errors.New("nobody listens on the admin socket")

// ask asks the daemon. That it is not ready is an answer too. The error is errAway, fs.ErrPermission or what kept it from answering.
func (v *visit) ask(ctx context.Context, path string, into any) error {
	connection, err := v.dial(ctx)
	if err != nil {
		return err
	}
	answer, status, err := admin.Get(ctx, connection, path)
	if err != nil {
		return fmt.Errorf("the daemon does not answer: %w", err)
	}
	if status != http.StatusOK && status != http.StatusServiceUnavailable {
		return fmt.Errorf("the daemon answers %s with %d %s", path, status, http.StatusText(status))
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return fmt.Errorf("the daemon's answer cannot be read: %w", err)
	}
	return nil
}

// dial connects to the first socket with somebody behind it.
func (v *visit) dial(ctx context.Context) (net.Conn, error) {
	var away error
	for _, path := range v.Sockets {
		var d net.Dialer
		connection, err := d.DialContext(ctx, "unix", v.path(path))
		if err == nil {
			return connection, nil
		}
		if errors.Is(err, fs.ErrPermission) && away == nil {
			away = fmt.Errorf("you may not open %s: %w", path, fs.ErrPermission)
		}
	}
	if away == nil {
		away = fmt.Errorf("%w: %s", errAway, strings.Join(v.Sockets, ", "))
	}
	return nil, away
}
