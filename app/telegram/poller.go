package telegram

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"healthagent/store"
)

const (
	pollLimit = 100
	pollTime  = 50 * time.Second // Telegram clips longer ones to this
	pollGrace = 15 * time.Second // beyond it the answer is not coming
	pollBody  = 64 << 20         // 100 updates are far smaller
)

// apiError is an answer of the Bot API that is not ok.
type apiError struct {
	Code        int
	Description string
	RetryAfter  time.Duration
}

func (e *apiError) Error() string {
	return fmt.Sprintf("Telegram answered %d %s", e.Code, e.Description)
}

// poll asks for updates, commits them and hands them on, until ctx ends. The offset is not remembered beyond this call: Telegram
// knows what was confirmed, and the inbox recognises what comes twice.
func (s *Service) poll(ctx context.Context, d *dispatcher) {
	defer s.polling.Store(false)
	var offset int64
	pause := pauseFirst
	s.polling.Store(true)
	for ctx.Err() == nil {
		raws, err := s.getUpdates(ctx, offset)
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			s.polling.Store(!refusedToken(err))
			s.health.set("polling", s.pollTrouble(err))
			s.log.Warn("asking for updates", "error", s.redact(err))
			if !s.sleep(ctx, s.pollPause(err, &pause)) {
				return
			}
			continue
		}
		pause = pauseFirst
		s.polling.Store(true)
		s.lastPoll.Store(s.now().UnixNano())
		s.health.set("polling", nil)
		if len(raws) == 0 {
			continue
		}
		next, ok := s.receive(ctx, d, raws)
		if !ok {
			return
		}
		// an answer that brings the offset no further, since none of it has a readable id or since the offset is not heeded, can
		// only be asked for again
		if (next == 0 || next == offset) && !s.sleep(ctx, longPause) {
			return
		}
		if next != 0 {
			offset = next
		}
	}
}

// receive commits a batch and returns the offset that acknowledges it, 0 when none of it has an id. It does not give up while ctx
// lasts: an update that is not committed must not be acknowledged.
func (s *Service) receive(ctx context.Context, d *dispatcher, raws []json.RawMessage) (next int64, ok bool) {
	updates := make([]store.Update, 0, len(raws))
	for _, raw := range raws {
		u, err := glance(s.botID, raw)
		if err != nil {
			s.log.Error("an update without a readable id cannot be kept", "error", err)
			continue
		}
		if _, admin := s.admins[u.UserID]; admin {
			u.Public = true
		}
		u.Arrived = s.now()
		updates = append(updates, u)
		next = u.ID + 1
	}
	if len(updates) == 0 {
		return 0, true
	}
	for pause := firstPause; ; pause = min(2*pause, longPause) {
		fresh, err := s.config.Store.Receive(ctx, s.botID, updates, s.config.Open)
		if err == nil {
			s.health.set("inbox", nil)
			return next, d.add(s.onlyFresh(updates, fresh)...)
		}
		if ctx.Err() != nil {
			return 0, false
		}
		text := "updates cannot be committed and stay with Telegram: " + s.reason(err)
		if store.DiskFull(err) {
			text = "the database's disk is full; updates stay with Telegram until there is room"
		}
		s.health.set("inbox", errors.New(text))
		s.log.Error("committing updates", "error", s.reason(err), "updates", len(updates))
		if !s.sleep(ctx, pause) {
			return 0, false
		}
	}
}

// onlyFresh is what of a batch is to be handled: what was not in the inbox before.
func (s *Service) onlyFresh(updates []store.Update, fresh map[int64]bool) []store.Update {
	var list []store.Update
	for _, u := range updates {
		if fresh[u.ID] {
			list = append(list, u)
			delete(fresh, u.ID) // the same id twice in one batch
		}
	}
	s.count.received.Add(int64(len(updates)))
	s.count.duplicates.Add(int64(len(updates) - len(list)))
	return list
}

const pauseFirst = 200 * time.Millisecond

// pollPause is how long to wait after a failed poll.
func (s *Service) pollPause(err error, pause *time.Duration) time.Duration {
	var api *apiError
	switch {
	case refusedToken(err):
		return s.revokedPause
	case errors.As(err, &api) && api.Code == http.StatusConflict:
		return 5 * time.Second
	case errors.As(err, &api) && api.RetryAfter > 0:
		return min(api.RetryAfter, 5*time.Minute)
	}
	p := *pause + time.Duration(rand.Int64N(int64(*pause)/2+1))
	*pause = min(2**pause, 10*time.Second)
	return p
}

func refusedToken(err error) bool {
	var api *apiError
	return errors.As(err, &api) && (api.Code == http.StatusUnauthorized || api.Code == http.StatusNotFound)
}

// pollTrouble says what is wrong in words for the operator.
func (s *Service) pollTrouble(err error) error {
	var api *apiError
	if !errors.As(err, &api) {
		return trouble("Telegram cannot be reached: " + s.redact(err))
	}
	switch api.Code {
	case http.StatusUnauthorized:
		return trouble("Telegram refuses the token and is asked again once a minute. Put the right TELEGRAM_TOKEN in place and restart")
	case http.StatusNotFound:
		return trouble("Telegram knows no such bot and is asked again once a minute. Look at TELEGRAM_TOKEN and TELEGRAM_API_URL and restart")
	case http.StatusConflict:
		return trouble("another program polls with the same token, or a webhook is set: stop the other one")
	}
	return trouble(s.redact(err))
}

// getUpdates makes one long poll. The library cannot: it decodes a batch as a whole.
func (s *Service) getUpdates(ctx context.Context, offset int64) ([]json.RawMessage, error) {
	params := map[string]any{"limit": pollLimit, "timeout": int(s.pollTime.Seconds()), "allowed_updates": kinds()}
	if offset != 0 {
		params["offset"] = offset
	}
	body, err := json.Marshal(params)
	if err != nil {
		return nil, fmt.Errorf("encode getUpdates: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, s.pollTime+s.pollGrace)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.api+"/bot"+s.config.Token+"/getUpdates", bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("TELEGRAM_API_URL or TELEGRAM_TOKEN does not make a URL")
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) { // its text holds the URL, and the URL the token
			err = u.Err
		}
		return nil, fmt.Errorf("getUpdates: %w", err)
	}
	defer func() { _ = resp.Body.Close() }() // read to its end or given up: nothing more to learn
	raw, err := io.ReadAll(io.LimitReader(resp.Body, pollBody))
	if err != nil {
		return nil, fmt.Errorf("read getUpdates: %w", err)
	}
	return decodeUpdates(resp.StatusCode, raw)
}

func decodeUpdates(status int, raw []byte) ([]json.RawMessage, error) {
	var answer struct {
		OK          bool              `json:"ok"`
		Result      []json.RawMessage `json:"result"`
		Code        int               `json:"error_code"`
		Description string            `json:"description"`
		Parameters  struct {
			RetryAfter int `json:"retry_after"`
		} `json:"parameters"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		if updates, ok := salvage(raw); ok && status == http.StatusOK {
			return updates, nil
		}
		return nil, &apiError{Code: status, Description: "with something that is not JSON"}
	}
	if !answer.OK {
		code := answer.Code
		if code == 0 {
			code = status
		}
		return nil, &apiError{
			Code: code, Description: strings.ToValidUTF8(answer.Description, ""),
			RetryAfter: time.Duration(answer.Parameters.RetryAfter) * time.Second,
		}
	}
	return answer.Result, nil
}
