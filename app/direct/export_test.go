package direct

import (
	"context"
	"net"
)

// WithUser names the role in an address.
var WithUser = withUser

// Dial connects as the identity.
func (i Identity) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return i.dial(ctx, network, address)
}
