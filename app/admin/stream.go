package admin

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"healthagent/app/fault"
	"healthagent/tui/source"
)

// lineTime is how long a viewer may take to read one line; then it is dropped.
const lineTime = 30 * time.Second

// endKey is where the context of a request keeps the one of the server: a stream must not hold up its end.
type endKey struct{}

// events streams the state: one line of JSON with the whole of it, then one for each change, until the viewer goes, does not read, or
// the server ends.
func events(s Source, log *slog.Logger) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.Follow == nil {
			fail(w, http.StatusNotFound, "this daemon does not show that")
			return
		}
		ctx, cancel := context.WithCancel(r.Context())
		defer cancel()
		if end, ok := r.Context().Value(endKey{}).(context.Context); ok {
			defer context.AfterFunc(end, cancel)()
		}
		if s.Refresh != nil && r.URL.Query().Has("refresh") {
			s.Refresh()
		}
		out := &lines{w: w, control: http.NewResponseController(w)}
		w.Header().Set("Content-Type", "application/x-ndjson")
		err := s.Follow(ctx, func(state *source.Snapshot) error {
			if state.History != nil { // a whole state, which may come again
				whole, you := *state, s.asker(r).You
				whole.You = &you
				state = &whole
			}
			return out.write(state)
		})
		switch {
		case err == nil || ctx.Err() != nil:
		case out.begun:
			log.Debug("a viewer was dropped", "error", err)
		default:
			fail(w, http.StatusServiceUnavailable, fault.Sentence(err))
		}
	}
}

// lines writes values as lines of JSON, each at once and with its own deadline: the server's is for short answers.
type lines struct {
	w       http.ResponseWriter
	control *http.ResponseController
	begun   bool
}

func (l *lines) write(value any) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return err
	}
	if err := l.control.SetWriteDeadline(time.Now().Add(lineTime)); err != nil {
		return err
	}
	l.begun = true
	if _, err := l.w.Write(append(raw, '\n')); err != nil {
		return err
	}
	return l.control.Flush()
}

// fail answers with a sentence.
func fail(w http.ResponseWriter, status int, sentence string) {
	raw, err := json.Marshal(map[string]string{"error": sentence})
	if err != nil {
		raw = []byte(`{"error": "the answer cannot be encoded"}`)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(append(raw, '\n')) // who asked may have gone
}
