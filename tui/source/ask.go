package source

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"time"
)

// Bounds of a question.
const (
	askTime       = 5 * time.Second  // the daemon answers from memory, or asks the database within its budgets
	demandTime    = 35 * time.Second // a plan that is run, and a preview that counts rows, have 30 on the server
	doTime        = 15 * time.Second // what was previewed is looked at once more
	longestAnswer = 16 << 20
)

// Ask implements Source.
func (c *Client) Ask(ctx context.Context, path string, into any) error {
	limit := askTime
	if isAct(path) || strings.HasPrefix(path, PlanPath("", false)) {
		limit = demandTime
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	if err := c.call(ctx, http.MethodGet, path, nil, into); err != nil {
		return err
	}
	clean(reflect.ValueOf(into), false)
	return nil
}

// isAct reports whether a path is an act's.
func isAct(path string) bool {
	for _, o := range []Object{OnMigration, OnIndex, OnSession} {
		if strings.HasPrefix(path, "/v1/"+string(o)+"/") {
			return true
		}
	}
	return false
}

// order is what is sent with an act.
type order struct {
	Token     string `json:"token"`
	Typed     string `json:"typed,omitempty"`
	AfterStep bool   `json:"after_step,omitempty"`
}

// Do implements Source.
func (c *Client) Do(ctx context.Context, act Act, token, typed string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, doTime)
	defer cancel()
	raw, err := json.Marshal(order{token, typed, act.AfterStep})
	if err != nil {
		return "", fmt.Errorf("encode an act: %w", err)
	}
	var begun struct {
		ID string `json:"id"`
	}
	if err := c.call(ctx, http.MethodPost, act.Path(), raw, &begun); err != nil {
		return "", err
	}
	return CleanText(begun.ID, false), nil
}

// call makes one request and reads its answer.
func (c *Client) call(ctx context.Context, method, path string, body []byte, into any) error {
	response, err := c.send(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }() // it was only read
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusAccepted {
		return refusal(path, response)
	}
	raw, err := io.ReadAll(io.LimitReader(response.Body, longestAnswer))
	if err != nil {
		return &UnavailableError{Reason: "the daemon's answer did not come to its end", Err: errors.Join(err, ctx.Err())}
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return &UnavailableError{Reason: "the daemon's answer cannot be read: its version may be another than this screen's", Err: err}
	}
	return nil
}

// send makes a request whose answer the caller closes.
func (c *Client) send(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, "http://healthagent"+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("ask the daemon: %w", err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := c.door().Do(request)
	var denied *RefusedError
	var gone *UnavailableError
	switch {
	case err == nil:
		return response, nil
	case ctx.Err() != nil: // however that came out below
		return nil, &UnavailableError{Reason: "the daemon does not answer", Err: ctx.Err()}
	case errors.As(err, &denied): // by the socket
		return nil, denied
	case errors.As(err, &gone):
		return nil, gone
	default:
		return nil, &UnavailableError{Reason: "the daemon does not answer", Err: err}
	}
}

// refusal is what an answer other than the one that was hoped for means.
func refusal(path string, response *http.Response) error {
	var told struct {
		Error string `json:"error"`
	}
	raw, _ := io.ReadAll(io.LimitReader(response.Body, 64<<10)) // without it there is still the status
	_ = json.Unmarshal(raw, &told)                              // likewise
	sentence := CleanText(told.Error, false)
	if sentence == "" {
		page, _, _ := strings.Cut(path, "?")
		sentence = CleanText(fmt.Sprintf("the daemon answers %s with %s", page, response.Status), false)
	}
	switch response.StatusCode {
	case http.StatusConflict:
		return &ChangedError{What: sentence}
	case http.StatusBadRequest, http.StatusForbidden:
		return &RefusedError{Reason: sentence}
	case http.StatusNotFound:
		if told.Error != "" { // there is no such thing; else there is no such page, in a daemon of another version
			return &RefusedError{Reason: sentence}
		}
	}
	return &UnavailableError{Reason: sentence}
}
