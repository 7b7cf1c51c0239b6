package telegram

import (
	"sync"
	"sync/atomic"
	"time"

	"healthagent/store"
)

// counters count since the start of the process.
type counters struct {
	received, duplicates, handled, parked, dead   atomic.Int64
	sent, refused, retried, limited, unreachables atomic.Int64
}

// Counters are the counters at one moment.
type Counters struct {
	Received    int64 `json:"received"`    // updates taken from Telegram
	Duplicates  int64 `json:"duplicates"`  // of them seen before
	Handled     int64 `json:"handled"`     // brought to their end
	Parked      int64 `json:"parked"`      // of a shape that is not known
	Dead        int64 `json:"dead"`        // given up after several tries
	Sent        int64 `json:"sent"`        // calls that Telegram accepted
	Refused     int64 `json:"refused"`     // calls that Telegram refused for good
	Retried     int64 `json:"retried"`     // calls that failed and are made again
	Limited     int64 `json:"limited"`     // of them for Telegram's limits (429)
	Unreachable int64 `json:"unreachable"` // persons found to have blocked the bot
}

// Trouble is what is wrong with one part since when.
type Trouble struct {
	Text  string    `json:"text"`
	Since time.Time `json:"since"`
}

// trouble is a sentence for the operator about what is wrong.
type trouble string

// Error implements error.
func (t trouble) Error() string { return string(t) }

// health keeps what is wrong with each part; nil error: nothing.
type health struct {
	mu   sync.Mutex
	now  func() time.Time
	sick map[string]Trouble
}

func (h *health) set(part string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil {
		delete(h.sick, part)
		return
	}
	since := h.now()
	if old, was := h.sick[part]; was {
		since = old.Since
	}
	h.sick[part] = Trouble{Text: err.Error(), Since: since}
}

// slowCall is how long Telegram may take over a call before that is said; it is given up later.
const slowCall = 3 * time.Second

// State is how the way in and out is doing.
type State struct {
	Polling  bool               `json:"polling"`            // updates are being asked for; false while the token is refused
	LastPoll time.Time          `json:"last_poll,omitzero"` // the last answer of Telegram; absent: none yet
	Queued   int                `json:"queued"`             // updates in memory that wait for a worker
	Sending  int                `json:"sending"`            // calls in memory that wait or are under way
	Trouble  map[string]Trouble `json:"trouble"`            // by part: polling, inbox, outbox, sending
	Counters Counters           `json:"counters"`
}

// Handled returns how long updates took from their arrival to the commit of their effects, of those handled since it was called last. It
// is for one caller.
func (s *Service) Handled() store.Hist {
	h, _ := s.handled.Take()
	return h
}

// State reads the state. It may be called at any time.
func (s *Service) State() State {
	s.health.mu.Lock()
	trouble := make(map[string]Trouble, len(s.health.sick))
	for part, t := range s.health.sick {
		trouble[part] = t
	}
	s.health.mu.Unlock()
	if at := s.oldestCall.Load(); at != 0 && s.now().Sub(time.Unix(0, at)) > slowCall {
		if _, known := trouble["sending"]; !known {
			trouble["sending"] = Trouble{Text: "Telegram does not answer a call", Since: time.Unix(0, at)}
		}
	}
	state := State{
		Polling: s.polling.Load(), Sending: int(s.sending.Load()), Trouble: trouble,
		Counters: Counters{
			Received: s.count.received.Load(), Duplicates: s.count.duplicates.Load(), Handled: s.count.handled.Load(),
			Parked: s.count.parked.Load(), Dead: s.count.dead.Load(), Sent: s.count.sent.Load(), Refused: s.count.refused.Load(),
			Retried: s.count.retried.Load(), Limited: s.count.limited.Load(), Unreachable: s.count.unreachables.Load(),
		},
	}
	if at := s.lastPoll.Load(); at != 0 {
		state.LastPoll = time.Unix(0, at)
	}
	if d := s.lines.Load(); d != nil {
		state.Queued = d.len()
	}
	return state
}
