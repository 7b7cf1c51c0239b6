package coach

import (
	"encoding/json"
	"time"

	"healthagent/store"
)

// question is what the coach asked last; it is kept with the message that asked. The next text may be its answer.
type question struct {
	About   string    `json:"about"`             // edit, time, remind, timezone
	Message int64     `json:"message,omitempty"` // the log that it is about
	Said    string    `json:"said,omitempty"`    // the part of a reminder that is known already
	At      time.Time `json:"at"`                // when it was asked
}

// A question that is older is no longer what a text answers.
const questionTime = time.Hour

// pending is the question that the newest message of a window asks, nil when it asks none.
func pending(window []store.Message, now time.Time) *question {
	for i := len(window) - 1; i >= 0; i-- {
		m := window[i]
		if m.Role != store.FromAssistant {
			continue
		}
		var meta struct {
			Asked *question `json:"asked"`
		}
		if len(m.Metadata) == 0 || json.Unmarshal(m.Metadata, &meta) != nil || meta.Asked == nil ||
			now.Sub(meta.Asked.At) > questionTime {
			return nil
		}
		return meta.Asked
	}
	return nil
}
