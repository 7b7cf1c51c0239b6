package acts

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"healthagent/tui/source"
)

// mark is one thing that must be the same when an act is done as when it was previewed.
type mark struct {
	What string `json:"w"` // with "has changed" behind it a sentence
	Hash string `json:"h"`
}

// marked hashes what must stay the same. Ages, sizes and counts are no part of it: they change by themselves.
func marked(what string, values ...any) mark {
	h := sha256.New()
	encoder := json.NewEncoder(h)
	for _, v := range values {
		_ = encoder.Encode(v) // plain data, and a hash takes everything
	}
	return mark{what, hex.EncodeToString(h.Sum(nil)[:8])}
}

// ticket is what a token holds. It is no secret: it proves that nothing has changed, while the kernel says who asks.
type ticket struct {
	ID    string `json:"id"` // of this preview: a token begins one run and no second one
	Act   string `json:"a"`  // hash of the act that was previewed
	Marks []mark `json:"m"`
	Rows  *int64 `json:"r,omitempty"` // that would be lost: what must be typed
}

func (t ticket) token() string {
	raw, err := json.Marshal(t)
	if err != nil {
		return "" // plain data
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// nameOf hashes an act for a ticket. Whether a run is stopped at once or after its step is decided after the preview.
func nameOf(act source.Act) string {
	var start int64
	if act.Start != nil {
		start = act.Start.UnixMicro()
	}
	return marked("", act.Verb, act.Object, act.Name, start).Hash
}

// readTicket reads the token of a preview of the act. The error is a *source.ChangedError.
func readTicket(token string, act source.Act) (ticket, error) {
	var t ticket
	if token == "" {
		return t, &source.ChangedError{What: "there is no token: look at the preview first"}
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err == nil {
		err = json.Unmarshal(raw, &t)
	}
	if err != nil || t.ID == "" {
		return t, &source.ChangedError{What: "the token is none of this daemon's: look at the preview again"}
	}
	if t.Act != nameOf(act) {
		return t, &source.ChangedError{What: "the token is that of another act: look at the preview of this one"}
	}
	return t, nil
}

// differs says what has changed between two looks; nil when nothing has.
func (t ticket) differs(now ticket) error {
	if len(t.Marks) != len(now.Marks) {
		return &source.ChangedError{What: "it would touch other things than the preview showed: look at it again"}
	}
	for i, before := range t.Marks {
		switch after := now.Marks[i]; {
		case after.What != before.What:
			return &source.ChangedError{What: "it would touch other things than the preview showed: look at it again"}
		case after.Hash != before.Hash:
			return &source.ChangedError{What: before.What + " has changed since the preview: look at it again"}
		}
	}
	return t.rowsDiffer(now)
}

// rowsDiffer allows for what people write meanwhile: it is written down before it is lost, like the rest.
func (t ticket) rowsDiffer(now ticket) error {
	if (t.Rows == nil) != (now.Rows == nil) {
		return &source.ChangedError{What: "whether rows are lost has changed since the preview: look at it again"}
	}
	if t.Rows == nil {
		return nil
	}
	if more := *now.Rows - *t.Rows; more > max(100, *t.Rows/10) {
		return &source.ChangedError{What: fmt.Sprintf("%d rows would be lost, not the %d of the preview: look at it again", *now.Rows, *t.Rows)}
	}
	return nil
}
