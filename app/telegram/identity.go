package telegram

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Identity is what Telegram says of the bot that a token belongs to.
type Identity struct {
	ID       int64
	Username string
	Date     time.Time // by Telegram's clock; zero: it did not say
}

// ErrRevoked means that Telegram does not accept the token.
var ErrRevoked error = trouble("Telegram refuses the token")

// Identify asks Telegram whose token it is, once. The error is ErrRevoked, or why there was no answer; it never holds the token.
func Identify(ctx context.Context, api, token string) (Identity, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(api, "/")+"/bot"+token+"/getMe", nil)
	if err != nil {
		return Identity{}, errors.New("the address of the Bot API cannot be used") // the error quotes it, with the token
	}
	// a transport of its own leaves no connection behind; what redirects would be handed the token
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives = true
	client := &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	var u *url.Error
	if errors.As(err, &u) {
		return Identity{}, fmt.Errorf("no answer: %w", u.Err)
	}
	if err != nil {
		return Identity{}, errors.New("no answer")
	}
	defer func() { _ = response.Body.Close() }()
	var said struct {
		OK     bool `json:"ok"`
		Result struct {
			ID       int64  `json:"id"`
			Username string `json:"username"`
		} `json:"result"`
	}
	decoded := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&said)
	switch {
	case response.StatusCode == http.StatusUnauthorized, response.StatusCode == http.StatusNotFound:
		return Identity{}, ErrRevoked
	case response.StatusCode != http.StatusOK || !said.OK && decoded == nil:
		return Identity{}, fmt.Errorf("it answered %s", response.Status)
	case decoded != nil:
		return Identity{}, errors.New("answered with something that is not JSON")
	}
	out := Identity{ID: said.Result.ID, Username: said.Result.Username}
	if at, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		out.Date = at
	}
	return out, nil
}
