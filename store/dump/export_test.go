package dump

import "context"

// Environ is what the PostgreSQL programs are given for a URL.
func Environ(address string) ([]string, error) {
	w, err := parseWay(address)
	if err != nil {
		return nil, err
	}
	return w.environ("x"), nil
}

// Put swaps two databases without carrying anything over.
func Put(ctx context.Context, address, fresh, kept string) error {
	w, err := parseWay(address)
	if err != nil {
		return err
	}
	p, err := openPlace(ctx, w)
	if err != nil {
		return err
	}
	defer p.close(ctx)
	return p.put(ctx, fresh, kept, nil)
}

// For tests of what needs no server.
var (
	Said       = said
	SplitNames = splitNames
	Named      = named
)

// Reason is what is told of a program's complaint, and whether it is none when only that is tolerated.
func Reason(text, tolerate string) (string, bool) {
	c := complaints{tolerate: tolerate}
	for _, b := range []byte(text) {
		_, _ = c.Write([]byte{b})
	}
	fine := c.tolerable()
	return c.reason(), fine
}
