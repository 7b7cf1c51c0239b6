package telegram

import (
	"container/heap"
	"slices"
	"time"

	"healthagent/store"
)

// queue holds what is to be sent and is not under way: chats in the order of their most urgent message, and chats that must wait.
// It belongs to the sender's goroutine.
type queue struct {
	chats   map[int64]*post
	ready   posts // may send now
	waiting posts // may not before their time
	size    int
}

// post is what waits for one chat.
type post struct {
	chat  int64
	items []store.Outgoing // most urgent first
	busy  bool             // one of its messages is under way: the next must not overtake it
	at    time.Time        // when it waits: until then
	heap  *posts           // the heap that it is in; nil: none
	index int
}

func newQueue() *queue {
	return &queue{chats: map[int64]*post{}, ready: posts{less: byUrgency}, waiting: posts{less: byTime}}
}

func byUrgency(a, b *post) bool { return before(a.items[0], b.items[0]) }

func byTime(a, b *post) bool { return a.at.Before(b.at) }

func before(a, b store.Outgoing) bool {
	if a.Class != b.Class {
		return a.Class < b.Class
	}
	return a.ID < b.ID
}

// add puts messages into their chats.
func (q *queue) add(items []store.Outgoing) {
	for _, o := range items {
		p := q.chats[o.ChatID]
		if p == nil {
			p = &post{chat: o.ChatID}
			q.chats[o.ChatID] = p
		}
		q.out(p)
		at, _ := slices.BinarySearchFunc(p.items, o, func(x, target store.Outgoing) int {
			if before(x, target) {
				return -1
			}
			return 1
		})
		p.items = slices.Insert(p.items, at, o)
		q.size++
		q.in(p)
	}
}

// in puts a chat where it belongs.
func (q *queue) in(p *post) {
	switch {
	case p.busy:
	case len(p.items) == 0:
		delete(q.chats, p.chat)
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

// wake lets chats go whose time has come.
func (q *queue) wake(now time.Time) {
	for q.waiting.Len() > 0 && !q.waiting.list[0].at.After(now) {
		p := q.waiting.list[0]
		q.out(p)
		p.at = time.Time{}
		q.in(p)
	}
}

// next is the most urgent message of a chat that may send; false when there is none.
func (q *queue) next() (*post, bool) {
	if q.ready.Len() == 0 {
		return nil, false
	}
	return q.ready.list[0], true
}

// start takes the most urgent message of a chat out and keeps the chat back until end.
func (q *queue) start(p *post) store.Outgoing {
	q.out(p)
	o := p.items[0]
	p.items = p.items[1:]
	p.busy = true
	q.size--
	return o
}

// delay makes a chat wait.
func (q *queue) delay(p *post, until time.Time) {
	q.out(p)
	if until.After(p.at) {
		p.at = until
	}
	q.in(p)
}

// end lets a chat go on after its message; back, when not nil, is to be sent again, not before until.
func (q *queue) end(chat int64, back *store.Outgoing, until time.Time) {
	p := q.chats[chat]
	if p == nil {
		p = &post{chat: chat}
		q.chats[chat] = p
	}
	p.busy = false
	q.out(p)
	p.at = until
	q.in(p)
	if back != nil {
		q.add([]store.Outgoing{*back})
	}
}

// drop removes all of a chat and returns how many messages it were.
func (q *queue) drop(chat int64) int {
	p := q.chats[chat]
	if p == nil {
		return 0
	}
	q.out(p)
	n := len(p.items)
	p.items = nil
	q.size -= n
	q.in(p)
	return n
}

// ids are the messages held.
func (q *queue) ids() []int64 {
	ids := make([]int64, 0, q.size)
	for _, p := range q.chats {
		for _, o := range p.items {
			ids = append(ids, o.ID)
		}
	}
	return ids
}

// urgent is how many messages of callbacks and replies are held.
func (q *queue) urgent() int {
	n := 0
	for _, p := range q.chats {
		for _, o := range p.items {
			if o.Class <= store.Reply {
				n++
			}
		}
	}
	return n
}

// posts is a heap of chats.
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
	h.list = h.list[:len(h.list)-1]
	p.heap = nil
	return p
}
