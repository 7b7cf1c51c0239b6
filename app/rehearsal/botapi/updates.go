package botapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"
)

// How long Telegram keeps what nobody fetched, and how long it holds a poll.
const (
	messageRetention  = 24 * time.Hour
	callbackRetention = 150 * time.Second
	maxPollSeconds    = 50
	maxPollBytes      = 1 << 22
	conflictPause     = 3 * time.Second
	maxQueued         = 1_000_000
)

// update is one entry of the queue: its raw JSON as it goes over the wire.
type update struct {
	id      int64
	expires time.Time
	raw     json.RawMessage
}

// queue holds the unconfirmed updates in order of id. Reading always starts at
// the front: what lies before an offset is forgotten by that very request.
type queue struct {
	items   []update
	next    int64 // the id of the next update, Telegram's "tail"
	allowed map[string]bool
	poll    *poll // the request that is waiting, if any

	lastOffset   int64
	lastStart    time.Time
	nextConflict time.Time
}

// poll is a getUpdates request that waits for an update.
type poll struct {
	limit  int
	answer chan pollAnswer // buffered: the sender holds the lock
}

type pollAnswer struct {
	body     []byte
	cut      bool // drop the connection
	conflict bool
	pause    bool // answer the conflict only after conflictPause
}

// allow sets the kinds of update to be queued from now on; an empty list means
// Telegram's default, which leaves out three kinds.
func (q *queue) allow(kinds []string) {
	q.allowed = make(map[string]bool)
	if len(kinds) == 0 {
		for _, k := range updateKinds() {
			q.allowed[k] = k != "chat_member" && k != "message_reaction" && k != "message_reaction_count"
		}
		return
	}
	for _, k := range updateKinds() {
		q.allowed[k] = slices.Contains(kinds, k)
	}
}

func updateKinds() []string {
	return []string{
		"message", "edited_message", "channel_post", "edited_channel_post", "business_connection",
		"business_message", "edited_business_message", "deleted_business_messages", "message_reaction",
		"message_reaction_count", "inline_query", "chosen_inline_result", "callback_query", "shipping_query",
		"pre_checkout_query", "purchased_paid_media", "poll", "poll_answer", "my_chat_member", "chat_member",
		"chat_join_request", "chat_boost", "removed_chat_boost",
	}
}

// push queues an update under the next id, hands it to a waiting poll and returns
// the id. A kind that is known but not allowed is dropped without an id and 0 is
// returned, as is everything beyond the queue's bound. The caller holds s.mu.
func (s *Server) push(kind string, keep time.Duration, build func(id int64) json.RawMessage) int64 {
	q := &s.queue
	if allowed, known := q.allowed[kind]; known && !allowed {
		s.stats.Filtered++
		return 0
	}
	if len(q.items) >= maxQueued {
		s.stats.Expired++
		return 0
	}
	id := q.next
	q.next++
	s.stats.Updates++
	q.items = append(q.items, update{id: id, expires: s.cfg.Now().Add(keep), raw: build(id)})
	if q.poll != nil {
		waiting := q.poll
		q.poll = nil
		waiting.answer <- pollAnswer{body: s.batch(waiting.limit)}
	}
	return id
}

// getUpdates confirms, then answers at once with what is queued, or waits.
func (s *Server) getUpdates(w http.ResponseWriter, r *http.Request, p params) {
	offset := p.integer("offset", 0, -1<<31, 1<<31-1)
	limit := int(p.integer("limit", 100, 1, 100))
	seconds := p.integer("timeout", 0, 0, maxPollSeconds)
	var kinds []string
	given, err := p.object("allowed_updates", &kinds)
	if err != nil {
		writeError(w, s.refused("getUpdates", p, badRequest("can't parse allowed updates JSON object")))
		return
	}

	s.mu.Lock()
	s.stats.Polls++
	if given {
		s.queue.allow(kinds)
	}
	limit, seconds = s.quirk(offset, limit, seconds)
	s.confirm(offset)
	body := s.batch(limit)
	if body != nil || seconds == 0 {
		s.mu.Unlock()
		writeUpdates(w, body)
		return
	}
	s.endOlderPoll()
	mine := &poll{limit: limit, answer: make(chan pollAnswer, 1)}
	s.queue.poll = mine
	s.mu.Unlock()
	s.await(w, r, p, mine, time.Duration(seconds)*time.Second)
}

// await holds a poll until an update, another poller, its timeout or the end.
func (s *Server) await(w http.ResponseWriter, r *http.Request, p params, mine *poll, timeout time.Duration) {
	select {
	case a := <-mine.answer:
		if a.cut {
			panic(http.ErrAbortHandler)
		}
		if !a.conflict {
			writeUpdates(w, a.body)
			return
		}
		if a.pause {
			select {
			case <-s.cfg.After(conflictPause):
			case <-r.Context().Done():
			case <-s.done:
			}
		}
		writeError(w, s.refused("getUpdates", p, &apiError{
			Code:        http.StatusConflict,
			Description: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
		}))
	case <-s.cfg.After(timeout):
		s.forsake(mine)
		writeUpdates(w, nil)
	case <-r.Context().Done():
		s.forsake(mine)
	case <-s.done:
		s.forsake(mine)
		panic(http.ErrAbortHandler)
	}
}

// forsake removes a poll that waits no longer. What was handed to it meanwhile is
// unconfirmed and comes again.
func (s *Server) forsake(p *poll) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.queue.poll == p {
		s.queue.poll = nil
	}
}

// quirk punishes asking again with the same offset soon after.
func (s *Server) quirk(offset int64, limit int, seconds int64) (int, int64) {
	q, now := &s.queue, s.cfg.Now()
	if !s.cfg.NoOffsetQuirk && offset == q.lastOffset && !q.lastStart.IsZero() {
		if now.Before(q.lastStart.Add(3 * time.Second)) {
			seconds = max(seconds, 3)
		}
		if now.Before(q.lastStart.Add(500 * time.Millisecond)) {
			limit = 1
		}
	}
	q.lastOffset, q.lastStart = offset, now
	return limit, seconds
}

// confirm forgets every update below offset. A negative offset counts from the
// end; one that lies beyond what could have been seen confirms nothing.
func (s *Server) confirm(offset int64) {
	q := &s.queue
	if offset < 0 {
		offset += q.next
	}
	if offset <= 0 || offset > q.next+10 {
		return
	}
	n := 0
	for n < len(q.items) && q.items[n].id < offset {
		n++
	}
	if n > 0 {
		q.drop(n)
		s.stats.Confirmed += n
		s.log.touch()
	}
}

// drop removes the first n updates and frees their memory.
func (q *queue) drop(n int) {
	clear(q.items[:n])
	q.items = q.items[n:]
	if len(q.items) == 0 {
		q.items = nil
	}
}

// batch is the body of an answer with the first updates that are still valid, or
// nil when there are none. The caller holds s.mu.
func (s *Server) batch(limit int) []byte {
	now, q := s.cfg.Now(), &s.queue
	var body []byte
	taken, expired := 0, 0
	for i := range q.items {
		u := &q.items[i]
		if taken == limit || len(body)+len(u.raw) > maxPollBytes && taken > 0 {
			break
		}
		if u.raw != nil && !u.expires.After(now) {
			u.raw = nil // forgotten; the entry itself goes when it is at the front
			s.stats.Expired++
		}
		if u.raw == nil {
			if i == expired {
				expired++
			}
			continue
		}
		if body == nil {
			body = append(make([]byte, 0, 512), `{"ok":true,"result":[`...)
		} else {
			body = append(body, ',')
		}
		body = append(body, u.raw...)
		taken++
	}
	q.drop(expired)
	if body == nil {
		return nil
	}
	s.stats.Delivered += taken
	return append(body, ']', '}')
}

// endOlderPoll ends a poll that is still waiting. Conflicts come at most every
// three seconds at once, the others late, so that two bots do not spin.
func (s *Server) endOlderPoll() {
	q := &s.queue
	if q.poll == nil {
		return
	}
	now := s.cfg.Now()
	pause := now.Before(q.nextConflict)
	if !pause {
		q.nextConflict = now.Add(conflictPause)
	}
	q.poll.answer <- pollAnswer{conflict: true, pause: pause}
	q.poll = nil
}

func writeUpdates(w http.ResponseWriter, body []byte) {
	if body == nil {
		body = []byte(`{"ok":true,"result":[]}`)
	}
	writeJSON(w, http.StatusOK, body)
}

// RestartIDs makes next the id of the coming update, as Telegram does with a
// random number after about a week of silence. It fails while updates wait.
func (s *Server) RestartIDs(next int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.queue.items) > 0 {
		return errors.New("botapi: updates are waiting")
	}
	s.queue.next = next
	return nil
}

func (s *Server) deleteWebhook(p params) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.boolean("drop_pending_updates") {
		s.stats.Confirmed += len(s.queue.items)
		s.queue.drop(len(s.queue.items))
		s.log.touch()
	}
	return true, nil
}

func (s *Server) getWebhookInfo(params) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	allowed := make([]string, 0, len(s.queue.allowed))
	for _, k := range updateKinds() {
		if s.queue.allowed[k] {
			allowed = append(allowed, k)
		}
	}
	return map[string]any{
		"url": "", "has_custom_certificate": false,
		"pending_update_count": len(s.queue.items), "allowed_updates": allowed,
	}, nil
}
