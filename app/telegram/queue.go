package telegram

import (
	"container/heap"
	"slices"
	"time"

	"healthagent/store"
)

const (
	laneHolds = 30 // messages of one lane in memory; of what is beyond only the place is remembered
	laneLow   = 10 // so few, and the next ones are fetched
)

// queue holds what is to be sent and is not under way, in lanes: those that may send, the most urgent first, and those that must
// wait. It belongs to the sender's goroutine.
type queue struct {
	lanes   map[lane]*post
	ready   posts // may send now
	waiting posts // may not before their time
	size    int   // messages held
	urgent  int   // of them callback answers and replies
	beyond  int   // messages of which only the place is held
	hungry  bool  // a lane wants messages that it let go of: they must be fetched
}

// lane is what must keep its order: the messages of one chat. Answers to buttons are no messages, wait for none and so have a lane
// of their own.
type lane struct {
	chat    int64
	answers bool
}

func laneOf(o store.Outgoing) lane {
	return lane{chat: o.ChatID, answers: o.Class == store.CallbackAnswer}
}

// place is where a message stands among all.
type place struct {
	class store.Class
	id    int64
}

func placeOf(o store.Outgoing) place { return place{o.Class, o.ID} }

func (p place) before(other place) bool {
	if p.class != other.class {
		return p.class < other.class
	}
	return p.id < other.id
}

// post is what waits in one lane.
type post struct {
	lane
	items  []store.Outgoing // most urgent first
	beyond []place          // behind the items: left in the outbox, so that no chat fills the memory
	least  place            // the first of them
	busy   bool             // one of its messages is under way: the next must not overtake it
	at     time.Time        // when it waits: until then
	heap   *posts           // the heap that it is in; nil: none
	index  int
}

func newQueue() *queue {
	return &queue{lanes: map[lane]*post{}, ready: posts{less: byUrgency}, waiting: posts{less: byTime}}
}

func byUrgency(a, b *post) bool { return placeOf(a.items[0]).before(placeOf(b.items[0])) }

func byTime(a, b *post) bool { return a.at.Before(b.at) }

// add puts messages into their lanes.
func (q *queue) add(items ...store.Outgoing) {
	for _, o := range items {
		p := q.post(laneOf(o))
		q.out(p)
		q.insert(p, o)
		q.in(p)
	}
}

func (q *queue) post(l lane) *post {
	p := q.lanes[l]
	if p == nil {
		p = &post{lane: l}
		q.lanes[l] = p
	}
	return p
}

func (q *queue) insert(p *post, o store.Outgoing) {
	at, _ := slices.BinarySearchFunc(p.items, placeOf(o), func(x store.Outgoing, target place) int {
		if placeOf(x).before(target) {
			return -1
		}
		return 1
	})
	if at == len(p.items) && len(p.beyond) > 0 && p.least.before(placeOf(o)) { // what stands before it was let go of
		q.forgo(p, o)
		return
	}
	p.items = slices.Insert(p.items, at, o)
	q.count(o, +1)
	if last := len(p.items) - 1; last >= laneHolds {
		q.count(p.items[last], -1)
		q.forgo(p, p.items[last])
		p.items[last] = store.Outgoing{}
		p.items = p.items[:last]
	}
}

func (q *queue) forgo(p *post, o store.Outgoing) {
	at := placeOf(o)
	if len(p.beyond) == 0 || at.before(p.least) {
		p.least = at
	}
	p.beyond = append(p.beyond, at)
	q.beyond++
}

func (q *queue) count(o store.Outgoing, n int) {
	q.size += n
	if o.Class <= store.Reply {
		q.urgent += n
	}
}

// in puts a lane where it belongs.
func (q *queue) in(p *post) {
	switch {
	case p.busy:
	case len(p.items) == 0:
		q.forget(p)
		delete(q.lanes, p.lane)
	case p.at.IsZero():
		heap.Push(&q.ready, p)
	default:
		heap.Push(&q.waiting, p)
	}
}

func (q *queue) out(p *post) {
	if p.heap != nil {
		heap.Remove(p.heap, p.index)
	}
}

// wake lets lanes go whose time has come.
func (q *queue) wake(now time.Time) {
	for q.waiting.Len() > 0 && !q.waiting.list[0].at.After(now) {
		p := q.waiting.list[0]
		q.out(p)
		p.at = time.Time{}
		q.in(p)
	}
}

// next is the lane of the most urgent message that may be sent; false when there is none.
func (q *queue) next() (*post, bool) {
	if q.ready.Len() == 0 {
		return nil, false
	}
	return q.ready.list[0], true
}

// start takes the most urgent message of a lane out and keeps the lane back until end.
func (q *queue) start(p *post) store.Outgoing {
	q.out(p)
	o := p.items[0]
	p.items[0] = store.Outgoing{}
	p.items = p.items[1:]
	p.busy = true
	q.count(o, -1)
	if len(p.items) < laneLow && len(p.beyond) > 0 {
		q.recall(p)
	}
	return o
}

// recall has the next ones of a lane fetched that it let go of.
func (q *queue) recall(p *post) {
	slices.SortFunc(p.beyond, func(a, b place) int {
		if a.before(b) {
			return -1
		}
		return 1
	})
	n := min(len(p.beyond), laneHolds-laneLow)
	p.beyond = slices.Delete(p.beyond, 0, n)
	if len(p.beyond) > 0 {
		p.least = p.beyond[0]
	}
	q.beyond -= n
	q.hungry = true
}

// forget lets all be fetched again that a lane let go of.
func (q *queue) forget(p *post) {
	q.hungry = q.hungry || len(p.beyond) > 0
	q.beyond -= len(p.beyond)
	p.beyond = nil
}

// delay makes a lane wait.
func (q *queue) delay(p *post, until time.Time) {
	q.out(p)
	if until.After(p.at) {
		p.at = until
	}
	q.in(p)
}

// end lets a lane go on after its message; back, when not nil, is to be sent again, not before until.
func (q *queue) end(l lane, back *store.Outgoing, until time.Time) {
	p := q.post(l)
	p.busy = false
	q.out(p)
	p.at = until
	if back != nil {
		q.insert(p, *back)
	}
	q.in(p)
}

// drop removes all of a chat.
func (q *queue) drop(chat int64) {
	for _, l := range []lane{{chat: chat}, {chat: chat, answers: true}} {
		p := q.lanes[l]
		if p == nil {
			continue
		}
		q.out(p)
		for _, o := range p.items {
			q.count(o, -1)
		}
		q.beyond -= len(p.beyond)
		p.items, p.beyond = nil, nil // Unreachable or MoveChat deals with the rows
		q.in(p)
	}
}

// ids are the messages held or remembered.
func (q *queue) ids() []int64 {
	ids := make([]int64, 0, q.size+q.beyond)
	for _, p := range q.lanes {
		for _, o := range p.items {
			ids = append(ids, o.ID)
		}
		for _, b := range p.beyond {
			ids = append(ids, b.id)
		}
	}
	return ids
}

// posts is a heap of lanes.
type posts struct {
	list []*post
	less func(a, b *post) bool
}

func (h *posts) Len() int           { return len(h.list) }
func (h *posts) Less(i, j int) bool { return h.less(h.list[i], h.list[j]) }

func (h *posts) Swap(i, j int) {
	h.list[i], h.list[j] = h.list[j], h.list[i]
	h.list[i].index, h.list[j].index = i, j
}

// Push implements heap.Interface.
func (h *posts) Push(x any) {
	p := x.(*post)
	p.heap, p.index = h, len(h.list)
	h.list = append(h.list, p)
}

// Pop implements heap.Interface.
func (h *posts) Pop() any {
	p := h.list[len(h.list)-1]
	h.list[len(h.list)-1] = nil
	h.list = h.list[:len(h.list)-1]
	p.heap = nil
	return p
}
