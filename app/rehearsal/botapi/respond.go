package botapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// apiError is a refusal in Telegram's shape.
type apiError struct {
	Code        int
	Description string
	RetryAfter  int // seconds; only with 429
}

func (e *apiError) Error() string { return e.Description }

func badRequest(format string, args ...any) *apiError {
	return &apiError{Code: http.StatusBadRequest, Description: "Bad Request: " + fmt.Sprintf(format, args...)}
}

func tooManyRequests(seconds int) *apiError {
	return &apiError{
		Code:        http.StatusTooManyRequests,
		Description: "Too Many Requests: retry after " + strconv.Itoa(seconds),
		RetryAfter:  seconds,
	}
}

// refused records that a request was refused and returns the refusal.
func (s *Server) refused(name string, p params, err error) *apiError {
	var refusal *apiError
	if !errors.As(err, &refusal) {
		refusal = &apiError{Code: http.StatusInternalServerError, Description: "Internal Server Error"}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Errors[refusal.Description]++
	switch refusal.Code {
	case http.StatusTooManyRequests:
		s.stats.TooMany++
	case http.StatusConflict:
		s.stats.Conflicts++
	}
	s.record(Event{
		Kind: Refused, Method: name, ChatID: p.integer("chat_id", 0, minInt, maxInt),
		Code: refusal.Code, Description: refusal.Description,
	})
	return refusal
}

const (
	minInt = -1 << 63
	maxInt = 1<<63 - 1
)

// writeError answers with a refusal.
func writeError(w http.ResponseWriter, e *apiError) {
	type parameters struct {
		RetryAfter int `json:"retry_after,omitempty"`
	}
	body := struct {
		OK          bool        `json:"ok"`
		ErrorCode   int         `json:"error_code"`
		Description string      `json:"description"`
		Parameters  *parameters `json:"parameters,omitempty"`
	}{ErrorCode: e.Code, Description: e.Description}
	if e.RetryAfter > 0 {
		body.Parameters = &parameters{RetryAfter: e.RetryAfter}
		w.Header().Set("Retry-After", strconv.Itoa(e.RetryAfter))
	}
	raw, _ := json.Marshal(body) // plain fields cannot fail
	writeJSON(w, e.Code, raw)
}

// writeResult answers with a method's result.
func writeResult(w http.ResponseWriter, result any) {
	raw, err := json.Marshal(result)
	if err != nil {
		writeError(w, &apiError{Code: http.StatusInternalServerError, Description: "Internal Server Error"})
		return
	}
	body := make([]byte, 0, len(raw)+24)
	body = append(body, `{"ok":true,"result":`...)
	body = append(body, raw...)
	body = append(body, '}')
	writeJSON(w, http.StatusOK, body)
}

func writeJSON(w http.ResponseWriter, code int, body []byte) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	_, _ = w.Write(body) // the client may be gone; there is nobody left to tell
}
